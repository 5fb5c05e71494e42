use std::path::Path;
use std::time::Duration;

use regionctl_inventory::{Known, parse};
use regionctl_secrets::Recipient;

use super::*;
use crate::secrets::ensure as ensure_all;
use crate::vpn::profile;

const DAY: Duration = Duration::from_secs(86_400);
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_219_200)
}

fn region() -> Region {
    region_of("{name: alice}")
}

fn region_of(users: &str) -> Region {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/region.yaml")).unwrap();
    let releases = regionctl_images::names();
    let text = format!("{text}  vpn: {{users: [{users}], certificateDays: 30}}\n");
    parse(&text, "region.yaml", &Known { releases: &releases }).unwrap_or_else(|error| panic!("{error}")).region
}

fn empty() -> Secrets {
    Secrets::create(Path::new("/nowhere/secrets.age"), vec![Recipient::parse(RECIPIENT).unwrap()]).unwrap()
}

fn on_the_list(secrets: &Secrets) -> usize {
    pki::read_crl(secrets.get(REVOKED).unwrap().value.reveal()).unwrap().serials.len()
}

#[test]
fn who_is_in_the_inventory_has_a_profile_and_nothing_is_made_twice() {
    let (region, mut secrets) = (region(), empty());
    let made = ensure_all(&region, &mut secrets, start()).unwrap();
    assert!(made.iter().any(|made| made.name == "vpn/users/alice/cert"), "{made:?}");
    assert_eq!(ensure_all(&region, &mut secrets, start() + DAY).unwrap(), []);
    let text = profile(&region, &secrets, "alice", start()).unwrap();
    let text = text.reveal();
    assert_eq!(text.lines().filter(|line| line.starts_with("remote 203.0.113.")).count(), 2, "{text}");
    assert!(!text.contains("{{") && text.contains("-----BEGIN PRIVATE KEY-----\n"), "{text}");
    assert!(matches!(profile(&region, &secrets, "bob", start()), Err(VpnError::Unknown(_))));
}

#[test]
fn revoking_revokes_what_was_replaced_too_and_lasts() {
    let (region, mut secrets) = (region(), empty());
    ensure_all(&region, &mut secrets, start()).unwrap();
    let later = start() + 25 * DAY;
    let made = ensure_all(&region, &mut secrets, later).unwrap();
    assert!(made.iter().any(|made| made.name == "vpn/users/alice/cert"), "{made:?}");
    assert_eq!(on_the_list(&secrets), 0);
    revoke(&mut secrets, "alice", later).unwrap();
    assert_eq!(on_the_list(&secrets), 2);
    assert!(matches!(profile(&region, &secrets, "alice", later), Err(VpnError::Revoked(_))));
    assert!(matches!(revoke(&mut secrets, "alice", later), Err(VpnError::Revoked(_))));
    // An inventory that still names the user, and certificates that are over, change nothing of that.
    for days in [26, 40, 100] {
        ensure_all(&region, &mut secrets, start() + days * DAY).unwrap();
        assert!(matches!(profile(&region, &secrets, "alice", later), Err(VpnError::Revoked(_))));
    }
    assert_eq!(on_the_list(&secrets), 0, "what is over need not be on the list");
}

#[test]
fn who_was_revoked_comes_in_again_with_new_keys_only() {
    let (region, mut secrets) = (region(), empty());
    ensure_all(&region, &mut secrets, start()).unwrap();
    assert!(matches!(add(&region, &mut secrets, "alice", VpnGroup::Developers, start()), Err(VpnError::Known(_))));
    revoke(&mut secrets, "alice", start()).unwrap();
    let old = secrets.get("vpn/users/alice/key").unwrap().value.reveal().clone();
    add(&region, &mut secrets, "alice", VpnGroup::Developers, start()).unwrap();
    assert_ne!(*secrets.get("vpn/users/alice/key").unwrap().value.reveal(), old);
    assert_eq!(on_the_list(&secrets), 1);
    profile(&region, &secrets, "alice", start()).unwrap();
    add(&region, &mut secrets, "bob", VpnGroup::Developers, start()).unwrap();
    let users: Vec<_> = list(&secrets).unwrap().into_iter().map(|user| (user.name, user.revoked)).collect();
    assert_eq!(users, [("alice".to_owned(), None), ("bob".to_owned(), None)]);
    revoke(&mut secrets, "bob", start()).unwrap();
    assert!(matches!(profile(&region, &secrets, "bob", start()), Err(VpnError::Revoked(_))));
}

#[test]
fn a_damaged_register_lets_nobody_in() {
    let (region, mut secrets) = (region(), empty());
    secrets.put(REGISTER, Secret::new("{".into()), None).unwrap();
    assert!(matches!(ensure_all(&region, &mut secrets, start()), Err(VpnError::Register)));
}

#[test]
fn who_leaves_the_inventory_is_revoked_and_who_was_added_by_hand_stays() {
    let (with, without, mut secrets) = (region(), region_of("{name: carol}"), empty());
    let vpn = |region: &Region| region.spec.vpn.clone().unwrap();
    ensure_all(&with, &mut secrets, start()).unwrap();
    add(&with, &mut secrets, "bob", VpnGroup::Developers, start()).unwrap();
    assert!(leavers(&vpn(&with), &secrets).unwrap().is_empty());
    assert_eq!(leavers(&vpn(&without), &secrets).unwrap(), ["alice"]);

    let later = start() + DAY;
    ensure_all(&without, &mut secrets, later).unwrap();
    assert!(matches!(profile(&without, &secrets, "alice", later), Err(VpnError::Revoked(_))));
    profile(&without, &secrets, "bob", later).unwrap();
    profile(&without, &secrets, "carol", later).unwrap();
    assert_eq!(on_the_list(&secrets), 1);
    assert!(leavers(&vpn(&without), &secrets).unwrap().is_empty());
    assert_eq!(ensure_all(&without, &mut secrets, later).unwrap(), []);

    // Back in the inventory is not back in the VPN: the old keys are of no more use.
    ensure_all(&with, &mut secrets, later).unwrap();
    assert!(matches!(profile(&with, &secrets, "alice", later), Err(VpnError::Revoked(_))));
    assert_eq!(kept_out(&vpn(&with), &secrets).unwrap(), ["alice"]);
    add(&with, &mut secrets, "alice", VpnGroup::Developers, later).unwrap();
    profile(&with, &secrets, "alice", later).unwrap();
    assert!(kept_out(&vpn(&with), &secrets).unwrap().is_empty());
}

#[test]
fn who_was_added_again_by_hand_stays_too() {
    let (with, without, mut secrets) = (region(), region_of(""), empty());
    ensure_all(&with, &mut secrets, start()).unwrap();
    ensure_all(&without, &mut secrets, start()).unwrap();
    add(&without, &mut secrets, "alice", VpnGroup::Developers, start()).unwrap();
    ensure_all(&without, &mut secrets, start() + DAY).unwrap();
    profile(&without, &secrets, "alice", start() + DAY).unwrap();
}

#[test]
fn a_register_that_does_not_know_who_was_listed_revokes_nobody() {
    let (with, without, mut secrets) = (region(), region_of(""), empty());
    ensure_all(&with, &mut secrets, start()).unwrap();
    let register = secrets.get(REGISTER).unwrap().value.reveal().replace(",\"listed\":true", "");
    assert!(!register.contains("listed"), "{register}");
    secrets.put(REGISTER, Secret::new(register), None).unwrap();
    ensure_all(&without, &mut secrets, start()).unwrap();
    profile(&without, &secrets, "alice", start()).unwrap();
}

/// The places of those who may come in.
fn places_of(secrets: &Secrets) -> String {
    let users = list(secrets).unwrap().into_iter().filter(|user| user.revoked.is_none());
    users.map(|user| format!("{}: {}", user.name, user.place.unwrap())).collect::<Vec<_>>().join(", ")
}

#[test]
fn everybody_has_a_place_of_their_own_and_keeps_it() {
    let (region, mut secrets) = (region_of("{name: alice}, {name: olga, group: operators}"), empty());
    ensure_all(&region, &mut secrets, start()).unwrap();
    add(&region, &mut secrets, "bob", VpnGroup::Developers, start()).unwrap();
    add(&region, &mut secrets, "oscar", VpnGroup::Operators, start()).unwrap();
    assert_eq!(places_of(&secrets), "alice: developers 0, bob: developers 1, olga: operators 0, oscar: operators 1");
    let about = pki::read(secrets.get("vpn/users/oscar/cert").unwrap().value.reveal()).unwrap();
    assert_eq!(about.unit.as_deref(), Some("operators 1"));
    // Who comes after somebody who left is not taken for them, and who comes back has the same address.
    revoke(&mut secrets, "alice", start()).unwrap();
    add(&region, &mut secrets, "carol", VpnGroup::Developers, start()).unwrap();
    add(&region, &mut secrets, "alice", VpnGroup::Operators, start()).unwrap();
    renew(&region, &mut secrets, "bob", start()).unwrap();
    ensure_all(&region, &mut secrets, start() + 25 * DAY).unwrap();
    let all = "alice: developers 0, bob: developers 1, carol: developers 2, olga: operators 0, oscar: operators 1";
    assert_eq!(places_of(&secrets), all);
}

#[test]
fn who_changes_the_group_cannot_come_in_with_what_the_old_one_gave() {
    let (before, after, mut secrets) = (region_of("{name: alice, group: operators}"), region(), empty());
    ensure_all(&before, &mut secrets, start()).unwrap();
    assert_eq!((places_of(&secrets).as_str(), on_the_list(&secrets)), ("alice: operators 0", 0));
    let made = ensure_all(&after, &mut secrets, start()).unwrap();
    assert!(made.iter().any(|made| made.name == "vpn/users/alice/cert"), "{made:?}");
    assert_eq!((places_of(&secrets).as_str(), on_the_list(&secrets)), ("alice: developers 0", 1));
    assert_eq!(ensure_all(&after, &mut secrets, start()).unwrap(), []);
    profile(&after, &secrets, "alice", start()).unwrap();
}

#[test]
fn a_group_that_is_full_says_so_and_a_place_is_taken_again_only_then() {
    let (region, mut secrets) = (region_of(""), empty());
    let mut region = region;
    region.spec.network.ranges.vpn = "10.91.0.0/28".parse().unwrap();
    ensure_all(&region, &mut secrets, start()).unwrap();
    let mut come = |name: &str| add(&region, &mut secrets, name, VpnGroup::Developers, start()).map(drop);
    for name in ["a", "b", "c", "d"] {
        come(name).unwrap();
    }
    assert_eq!(come("e").unwrap_err().to_string(), "the VPN has no address left for another of the developers: 4 have one");
    revoke(&mut secrets, "b", start()).unwrap();
    add(&region, &mut secrets, "e", VpnGroup::Developers, start()).unwrap();
    assert_eq!(places_of(&secrets), "a: developers 0, c: developers 2, d: developers 3, e: developers 1");
}

#[test]
fn a_certificate_of_before_there_were_groups_is_made_anew() {
    let (region, mut secrets) = (region(), empty());
    ensure_all(&region, &mut secrets, start()).unwrap();
    let register = secrets.get(REGISTER).unwrap().value.reveal();
    let register = register.replace("\"place\":{\"group\":\"developers\",\"number\":0},", "");
    assert!(!register.contains("place"), "{register}");
    secrets.put(REGISTER, Secret::new(register), None).unwrap();
    ensure_all(&region, &mut secrets, start()).unwrap();
    assert_eq!((places_of(&secrets).as_str(), on_the_list(&secrets)), ("alice: developers 0", 0));
}
