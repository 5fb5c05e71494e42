use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use regionctl_inventory::{Known, parse};
use regionctl_secrets::Recipient;

use super::*;

const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_219_200)
}

fn region() -> Region {
    region_of(|text| text)
}

fn region_of(change: impl Fn(String) -> String) -> Region {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/region.yaml")).unwrap();
    let text = change(text + "  vpn: {users: [{name: alice}]}\n");
    let releases = regionctl_images::names();
    parse(&text, "region.yaml", &Known { releases: &releases }).unwrap_or_else(|error| panic!("{error}")).region
}

fn made() -> (Region, Secrets) {
    made_for(region())
}

fn made_for(region: Region) -> (Region, Secrets) {
    let recipient = Recipient::parse(RECIPIENT).unwrap();
    let mut secrets = Secrets::create(Path::new("/nowhere/secrets.age"), vec![recipient]).unwrap();
    ensure(&region, &mut secrets, start()).unwrap();
    (region, secrets)
}

fn names(made: &[Made]) -> Vec<&str> {
    made.iter().map(|made| made.name.as_str()).collect()
}

#[test]
fn a_pair_is_renewed_whole_by_any_of_its_names() {
    let (region, mut secrets) = made();
    for name in ["vpn/servers/compute-1", "vpn/servers/compute-1/key", "vpn/servers/compute-1/cert"] {
        let made = renew(&region, &mut secrets, name, start()).unwrap();
        assert_eq!(names(&made), ["vpn/servers/compute-1/key", "vpn/servers/compute-1/cert"], "{name}");
    }
    assert_eq!(secrets.get("vpn/servers/compute-1/key").unwrap().version, 4);
    assert_eq!(ensure(&region, &mut secrets, start()).unwrap(), []);
    assert_eq!(names(&renew(&region, &mut secrets, SEAL_KEY, start()).unwrap()), [SEAL_KEY]);
}

#[test]
fn servers_that_open_disks_are_known_by_their_keys() {
    // One server has an encrypted disk, so the other three are asked.
    let region = region_of(|text| text.replacen("nvme-one, encrypt: false", "nvme-one, encrypt: true", 1));
    let (region, mut secrets) = made_for(region);
    let before = known(&secrets).thumbprints;
    assert_eq!(before.keys().collect::<Vec<_>>(), ["tang/compute-1/sign", "tang/compute-2/sign", "tang/storage-2/sign"]);
    let made = renew(&region, &mut secrets, "tang/compute-2", start()).unwrap();
    assert_eq!(names(&made), ["tang/compute-2/sign", "tang/compute-2/exchange"]);
    let after = known(&secrets).thumbprints;
    let changed: Vec<_> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(changed, ["tang/compute-2/sign"]);
}

#[test]
fn volumes_have_an_authority_of_their_own() {
    let (region, mut secrets) = made();
    assert_eq!(names(&renew(&region, &mut secrets, "gluster/ca", start()).unwrap()), ["gluster/ca/key", "gluster/ca/cert"]);
    let made = ensure(&region, &mut secrets, start()).unwrap();
    let servers = ["compute-1", "compute-2", "storage-1", "storage-2"];
    let expected = servers.map(|server| ["key", "cert"].map(|part| format!("gluster/servers/{server}/{part}"))).concat();
    assert_eq!(names(&made), expected);
}

#[test]
fn what_a_new_authority_signs_follows_with_the_next_install() {
    let (region, mut secrets) = made();
    assert_eq!(names(&renew(&region, &mut secrets, "vpn/ca", start()).unwrap()), ["vpn/ca/key", "vpn/ca/cert"]);
    let made = ensure(&region, &mut secrets, start()).unwrap();
    for name in ["vpn/servers/compute-1/cert", "vpn/users/alice/cert", "vpn/crl"] {
        assert!(names(&made).contains(&name), "{name}: {made:?}");
    }
    crate::vpn::profile(&region, &secrets, "alice", start()).unwrap();
}

#[test]
fn the_old_keys_of_a_user_are_revoked() {
    let (region, mut secrets) = made();
    let made = renew(&region, &mut secrets, "vpn/users/alice/key", start()).unwrap();
    let expected = ["vpn/register", "vpn/users/alice/key", "vpn/users/alice/cert", "vpn/users/alice/tls-crypt", "vpn/register"];
    assert_eq!(names(&made), [&expected[..], &["vpn/crl"]].concat());
    let list = regionctl_secrets::pki::read_crl(secrets.get(REVOKED).unwrap().value.reveal()).unwrap();
    assert_eq!(list.serials.len(), 1);
    crate::vpn::profile(&region, &secrets, "alice", start()).unwrap();
    assert_eq!(ensure(&region, &mut secrets, start()).unwrap(), []);
    // Still a user of the inventory.
    let vpn = regionctl_inventory::Vpn { users: Vec::new(), ..region.spec.vpn.clone().unwrap() };
    assert_eq!(crate::vpn::leavers(&vpn, &secrets).unwrap(), ["alice"]);
}

#[test]
fn what_cannot_be_renewed_is_named() {
    let (region, mut secrets) = made();
    for name in ["vpn/register", "vpn/crl"] {
        assert!(matches!(renew(&region, &mut secrets, name, start()), Err(RenewError::Follows(_))), "{name}");
    }
    for name in ["vpn", "vpn/tls-crypt/key", "vpn/users/alice/x", "disks/storage-1/data", ""] {
        assert!(matches!(renew(&region, &mut secrets, name, start()), Err(RenewError::Unknown(_))), "{name}");
    }
    let unknown = renew(&region, &mut secrets, "vpn/users/mallory", start());
    assert!(matches!(unknown, Err(RenewError::Vpn(VpnError::Unknown(_)))));
}
