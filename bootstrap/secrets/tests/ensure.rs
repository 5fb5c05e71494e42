//! What is made, renewed and left alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::time::{Duration, SystemTime};

use regionctl_secrets::pki::{self, Usage};
use regionctl_secrets::{Secrets, SecretsError, Spec, Why, ensure, renew};
use support::{Person, secret};

const DAY: Duration = Duration::from_secs(86_400);

/// 2026-11-21.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_219_200)
}

fn empty(folder: &tempfile::TempDir) -> Secrets {
    let alice = Person::age(folder.path(), "alice");
    Secrets::create(&folder.path().join("secrets.age"), vec![alice.recipient]).unwrap()
}

/// What a VPN needs; what is made from others comes first, to be put in order.
fn specs(names: &[&str]) -> Vec<Spec> {
    let certificate = |name: &str, usage, names: &[&str]| Spec::Certificate {
        name: name.into(),
        authority: "vpn/ca".into(),
        common_name: name.into(),
        unit: None,
        names: names.iter().map(ToString::to_string).collect(),
        days: 90,
        usage,
    };
    vec![
        certificate("vpn/server", Usage::Server, names),
        Spec::TlsCryptV2Client { name: "vpn/alice/tls-crypt".into(), server: "vpn/tls-crypt".into() },
        certificate("vpn/alice", Usage::Client, &[]),
        Spec::Authority { name: "vpn/ca".into(), common_name: "demo VPN".into(), days: 3_650 },
        Spec::TlsCryptV2 { name: "vpn/tls-crypt".into() },
        Spec::Password { name: "vrrp".into(), bytes: 24 },
    ]
}

/// What was made: name, version, why.
fn made(secrets: &mut Secrets, specs: &[Spec], now: SystemTime) -> Vec<(String, u64, Why)> {
    ensure(secrets, specs, now).unwrap().into_iter().map(|made| (made.name, made.version, made.why)).collect()
}

fn named(made: &[(String, u64, Why)], why: Why) -> Vec<&str> {
    made.iter().filter(|one| one.2 == why).map(|one| one.0.as_str()).collect()
}

#[test]
fn all_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let wanted = specs(&["vpn.example.org", "2001:DB8::7"]);
    let first = made(&mut secrets, &wanted, start());
    let names = [
        "vpn/ca/key",
        "vpn/ca/cert",
        "vpn/tls-crypt",
        "vpn/server/key",
        "vpn/server/cert",
        "vpn/alice/tls-crypt",
        "vpn/alice/key",
        "vpn/alice/cert",
        "vrrp",
    ];
    assert_eq!(named(&first, Why::Missing), names);
    assert!(first.iter().all(|one| one.1 == 1));
    assert_eq!(made(&mut secrets, &wanted, start()), []);
    assert_eq!(made(&mut secrets, &wanted, start() + DAY * 30), []);
    assert_eq!(secrets.get("vrrp").unwrap().value.reveal().len(), 48);
    let cert = secrets.get("vpn/server/cert").unwrap();
    assert_eq!(cert.expires, Some(1_795_219_200 + 90 * 86_400));
    assert_eq!((cert.made, secrets.get("vpn/server/key").unwrap().expires), (1_795_219_200, None));
    // What nobody wants stays.
    assert_eq!(made(&mut secrets, &[], start()), []);
    assert_eq!(secrets.entries().count(), 9);
}

#[test]
fn certificates_are_renewed_in_their_last_third() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let wanted = specs(&[]);
    made(&mut secrets, &wanted, start());
    let old = secrets.get("vpn/server/key").unwrap().value.reveal().clone();
    assert_eq!(made(&mut secrets, &wanted, start() + DAY * 59), []);
    let renewed = made(&mut secrets, &wanted, start() + DAY * 61);
    assert_eq!(named(&renewed, Why::Expiring), ["vpn/server/key", "vpn/server/cert", "vpn/alice/key", "vpn/alice/cert"]);
    assert!(renewed.iter().all(|one| one.1 == 2));
    assert_ne!(*secrets.get("vpn/server/key").unwrap().value.reveal(), old);
    assert_eq!(made(&mut secrets, &wanted, start() + DAY * 62), []);
    // Also when they are over.
    assert_eq!(made(&mut secrets, &wanted, start() + DAY * 1_000).len(), 4);
}

/// An operator's clock is 90 minutes ahead, and nobody is kept out; another's is days ahead, and the next operator mends it.
#[test]
fn what_a_clock_made_that_was_ahead_is_valid_or_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let list = Spec::RevocationList { name: "vpn/crl".into(), authority: "vpn/ca".into(), revoked: Vec::new(), days: 30 };
    let wanted = [specs(&[]), vec![list]].concat();
    made(&mut secrets, &wanted, start() + Duration::from_secs(90 * 60));
    let begins = |secrets: &Secrets, name: &str| {
        let text = secrets.get(name).unwrap().value.reveal().clone();
        if name == "vpn/crl" { pki::read_crl(&text).unwrap().this_update } else { pki::read(&text).unwrap().not_before }
    };
    for name in ["vpn/crl", "vpn/ca/cert", "vpn/server/cert", "vpn/alice/cert"] {
        assert!(begins(&secrets, name) < 1_795_219_200, "{name}");
    }
    assert_eq!(made(&mut secrets, &wanted, start()), []);

    let folder = tempfile::tempdir().unwrap();
    let mut ahead = empty(&folder);
    made(&mut ahead, &wanted, start() + DAY * 3);
    let again = made(&mut ahead, &wanted, start());
    let names = ["vpn/ca/cert", "vpn/server/key", "vpn/server/cert", "vpn/alice/key", "vpn/alice/cert", "vpn/crl"];
    assert_eq!(named(&again, Why::NotYet), names);
    assert_eq!(made(&mut ahead, &wanted, start()), []);
}

#[test]
fn an_authority_is_renewed_on_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let wanted = specs(&[]);
    made(&mut secrets, &wanted, start());
    let late = start() + DAY * 3_000;
    ensure(&mut secrets, &wanted[..1], late).unwrap();
    let renewed = made(&mut secrets, &wanted, late);
    assert_eq!(named(&renewed, Why::Expiring), ["vpn/ca/cert", "vpn/alice/key", "vpn/alice/cert"]);
    assert_eq!(secrets.get("vpn/ca/key").unwrap().version, 1);
    let cert = |name: &str| secrets.get(name).unwrap().value.reveal().clone();
    assert!(pki::is_issued_by(&cert("vpn/server/cert"), &cert("vpn/ca/cert")).unwrap());
}

#[test]
fn what_should_say_something_else_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    made(&mut secrets, &specs(&["a.example.org", "192.0.2.7"]), start());
    assert_eq!(made(&mut secrets, &specs(&["192.0.2.7", "A.example.org"]), start()), []);
    let changed = made(&mut secrets, &specs(&["192.0.2.8"]), start());
    assert_eq!(named(&changed, Why::Changed), ["vpn/server/key", "vpn/server/cert"]);
    let mut wanted = specs(&["192.0.2.8"]);
    wanted[3] = Spec::Authority { name: "vpn/ca".into(), common_name: "other".into(), days: 3_650 };
    let changed = made(&mut secrets, &wanted, start());
    assert_eq!(named(&changed, Why::Changed), ["vpn/ca/cert"]);
    assert_eq!(named(&changed, Why::Source).len(), 4);
    assert_eq!(made(&mut secrets, &wanted, start()), []);
}

#[test]
fn what_somebody_saw_is_made_anew_with_all_that_hangs_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let wanted = specs(&[]);
    made(&mut secrets, &wanted, start());
    let names: Vec<_> = renew(&mut secrets, &wanted[3], start()).unwrap().into_iter().map(|made| made.name).collect();
    assert_eq!(names, ["vpn/ca/key", "vpn/ca/cert"]);
    renew(&mut secrets, &wanted[4], start()).unwrap();
    let after = made(&mut secrets, &wanted, start());
    let sources = ["vpn/server/key", "vpn/server/cert", "vpn/alice/tls-crypt", "vpn/alice/key", "vpn/alice/cert"];
    assert_eq!(named(&after, Why::Source), sources);
    assert_eq!(renew(&mut secrets, &wanted[5], start()).unwrap()[0].version, 2);
    assert_eq!(made(&mut secrets, &wanted, start()), []);
}

#[test]
fn half_a_pair_is_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let wanted = specs(&[]);
    made(&mut secrets, &wanted, start());
    let key = secrets.get("vpn/server/key").unwrap().value.clone();
    let mut other = empty(&tempfile::tempdir().unwrap());
    other.put("vpn/server/key", key, None).unwrap();
    assert_eq!(named(&made(&mut other, &wanted, start()), Why::Missing).len(), 9);
    assert_eq!(other.get("vpn/server/key").unwrap().version, 2);
}

#[test]
fn what_is_not_possible_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let wanted = specs(&[]);
    let error = ensure(&mut secrets, &wanted[..1], start()).unwrap_err();
    assert_eq!(error.to_string(), "`vpn/server` needs `vpn/ca`, which is neither in the file nor wanted");
    assert!(matches!(ensure(&mut secrets, &wanted[1..2], start()), Err(SecretsError::NoSource { .. })));
    made(&mut secrets, &wanted, start());
    secrets.put("vpn/server/cert", secret("hunter2"), None).unwrap();
    let error = ensure(&mut secrets, &wanted, start()).unwrap_err();
    assert_eq!(error.to_string(), "`vpn/server`: the certificate cannot be read");
}

#[test]
fn a_revocation_list_is_made_anew_when_somebody_is_to_be_on_it_and_before_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut secrets = empty(&folder);
    let authority = Spec::Authority { name: "vpn/ca".into(), common_name: "demo VPN".into(), days: 3_650 };
    let list = |serials: &[&str]| Spec::RevocationList {
        name: "vpn/crl".into(),
        authority: "vpn/ca".into(),
        revoked: serials.iter().map(|serial| (serial.parse().unwrap(), 1_795_219_200)).collect(),
        days: 30,
    };
    let all = |serials: &[&str]| [list(serials), authority.clone()];
    assert!(named(&made(&mut secrets, &all(&[]), start()), Why::Missing).contains(&"vpn/crl"));
    assert_eq!(made(&mut secrets, &all(&[]), start() + 15 * DAY), []);
    assert_eq!(made(&mut secrets, &all(&[]), start() + 25 * DAY), [("vpn/crl".into(), 2, Why::Expiring)]);
    assert_eq!(made(&mut secrets, &all(&["4A"]), start() + 25 * DAY), [("vpn/crl".into(), 3, Why::Changed)]);
    assert_eq!(made(&mut secrets, &all(&["4A"]), start() + 26 * DAY), []);
    let read = pki::read_crl(secrets.get("vpn/crl").unwrap().value.reveal()).unwrap();
    assert_eq!(read.serials, ["4A".parse().unwrap()].into());
    renew(&mut secrets, &authority, start() + 26 * DAY).unwrap();
    assert_eq!(made(&mut secrets, &all(&["4A"]), start() + 26 * DAY), [("vpn/crl".into(), 4, Why::Source)]);
}
