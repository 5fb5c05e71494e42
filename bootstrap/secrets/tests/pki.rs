//! Certificates, as `openssl` sees them where it is installed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use regionctl_secrets::pki::{self, Pair, PkiError, Request, Usage};

fn now() -> SystemTime {
    SystemTime::now()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn request(usage: Usage) -> Request {
    let names = ["vpn.example.org", "*.apps.example.org", "192.0.2.7", "2001:db8::7"].map(str::to_owned).to_vec();
    Request { common_name: "vpn é".into(), unit: Some("developers 3".into()), names, days: 30, usage }
}

/// An authority, a server and a client.
fn three() -> (Pair, Pair, Pair) {
    let authority = pki::authority("demo authority", 3_650, now()).unwrap();
    let server = pki::certificate(&authority, &request(Usage::Server), now()).unwrap();
    let client = pki::certificate(&authority, &Request { names: Vec::new(), ..request(Usage::Client) }, now()).unwrap();
    (authority, server, client)
}

/// A folder with PEM files.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `openssl` in this folder.
    fn openssl(&self, line: &str) -> Option<Command> {
        let mut command = support::program("openssl")?;
        command.args(line.split(' ')).current_dir(self.0.path());
        Some(command)
    }
}

#[test]
fn what_is_made_is_read() {
    let (authority, server, client) = three();
    let about = pki::read(&authority.cert).unwrap();
    assert_eq!((about.common_name.as_str(), about.authority, about.usage), ("demo authority", true, None));
    assert_eq!(about.not_after - about.not_before, 3_651 * 86_400);
    let about = pki::read(&server.cert).unwrap();
    assert_eq!((about.common_name.as_str(), about.authority, about.usage), ("vpn é", false, Some(Usage::Server)));
    let names: Vec<_> = about.names.iter().map(String::as_str).collect();
    assert_eq!(names, ["*.apps.example.org", "192.0.2.7", "2001:db8::7", "vpn.example.org"]);
    assert_eq!(pki::read(&client.cert).unwrap().usage, Some(Usage::Client));
    assert_ne!(pki::read(&client.cert).unwrap().serial, about.serial);
    let peer = pki::certificate(&authority, &request(Usage::Peer), now()).unwrap();
    assert_eq!(pki::read(&peer.cert).unwrap().usage, Some(Usage::Peer));
    assert!(pki::is_issued_by(&server.cert, &authority.cert).unwrap());
    assert!(pki::is_issued_by(&authority.cert, &authority.cert).unwrap());
    let other = pki::authority("demo authority", 3_650, now()).unwrap();
    assert!(!pki::is_issued_by(&server.cert, &other.cert).unwrap());
    assert!(!pki::is_issued_by(&server.cert, &client.cert).unwrap());
}

#[test]
fn openssl_verifies_them() {
    let (authority, server, client) = three();
    let files = Files::new(&[
        ("ca", &authority.cert),
        ("server", &server.cert),
        ("client", &client.cert),
        ("server.key", server.key.reveal()),
    ]);
    let verify = |line: &str| files.openssl(&format!("verify -x509_strict -CAfile ca {line}"));
    let Some(mut good) = verify("-purpose sslserver -verify_hostname vpn.example.org -verify_ip 192.0.2.7 server") else {
        return;
    };
    support::succeeds(&mut good);
    support::succeeds(&mut verify("-purpose sslclient client").unwrap());
    for bad in ["-purpose sslserver client", "-purpose sslclient server", "-verify_hostname example.com server"] {
        assert!(!verify(bad).unwrap().output().unwrap().status.success(), "{bad}");
    }
    let text = support::succeeds(&mut files.openssl("x509 -in server -noout -serial -text").unwrap());
    let serial = pki::read(&server.cert).unwrap().serial;
    assert!(text.contains(&format!("serial={serial}")), "{text}");
    for part in ["TLS Web Server Authentication", "Digital Signature", "CA:FALSE", "prime256v1", "Authority Key Identifier"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = support::succeeds(&mut files.openssl("x509 -in ca -noout -text").unwrap());
    for part in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    support::succeeds(&mut files.openssl("pkey -in server.key -check -noout").unwrap());
}

#[test]
fn a_renewed_authority_verifies_what_the_old_one_signed() {
    let (authority, server, _) = three();
    let renewed = pki::renew_authority(&authority.key, "demo authority", 100, now()).unwrap();
    assert_eq!(renewed.key.reveal(), authority.key.reveal());
    assert!(pki::is_issued_by(&server.cert, &renewed.cert).unwrap());
    let files = Files::new(&[("ca", &renewed.cert), ("server", &server.cert)]);
    if let Some(mut verify) = files.openssl("verify -x509_strict -CAfile ca server") {
        support::succeeds(&mut verify);
    }
}

#[test]
fn revoked_certificates_are_refused() {
    let (authority, server, client) = three();
    let serial = pki::read(&client.cert).unwrap().serial;
    let next = seconds(now()) + 86_400;
    let list = pki::crl(&authority, &[(serial, now())], now(), next).unwrap();
    let empty = pki::crl(&authority, &[], now(), next).unwrap();
    let files = Files::new(&[
        ("ca", &authority.cert),
        ("server", &server.cert),
        ("client", &client.cert),
        ("list", &list),
        ("empty", &empty),
    ]);
    assert!(files.path("list").is_file());
    let (_, pem) = x509_parser::pem::parse_x509_pem(list.as_bytes()).unwrap();
    let (_, parsed) = x509_parser::parse_x509_crl(&pem.contents).unwrap();
    assert_eq!(parsed.iter_revoked_certificates().count(), 1);
    assert_eq!(parsed.next_update().unwrap().timestamp().unsigned_abs(), next);
    let verify = |line: &str| files.openssl(&format!("verify -CAfile ca -crl_check -CRLfile {line}"));
    let Some(mut good) = verify("list server") else { return };
    support::succeeds(&mut good);
    support::succeeds(&mut verify("empty client").unwrap());
    let refused = verify("list client").unwrap().output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("certificate revoked"), "{refused:?}");
}

#[test]
fn nothing_outlives_its_authority() {
    let authority = pki::authority("demo", 10, now()).unwrap();
    let server = pki::certificate(&authority, &request(Usage::Server), now()).unwrap();
    assert_eq!(pki::read(&server.cert).unwrap().not_after, pki::read(&authority.cert).unwrap().not_after);
    let later = now() + Duration::from_secs(11 * 86_400);
    let error = pki::certificate(&authority, &request(Usage::Server), later).unwrap_err();
    assert_eq!(error, PkiError::AuthorityOver);
}

#[test]
fn what_cannot_be_in_a_certificate() {
    for name in ["", " ", "a\nb", &"a".repeat(65)] {
        assert!(matches!(pki::authority(name, 1, now()), Err(PkiError::CommonName { .. })), "{name}");
    }
    for days in [0, pki::MAX_DAYS + 1, u32::MAX] {
        assert_eq!(pki::authority("a", days, now()).unwrap_err(), PkiError::Days { days });
    }
    let authority = pki::authority("a", pki::MAX_DAYS, now()).unwrap();
    for name in ["", "a b", "192.0.2", "192.0.2.300", ".", "a..b", "é.example.org", "a.*.b", &format!("{}.a", "a".repeat(64))] {
        let request = Request { names: vec![name.to_owned()], ..request(Usage::Server) };
        let error = pki::certificate(&authority, &request, now()).unwrap_err();
        assert!(matches!(error, PkiError::AltName { .. }), "{name}");
    }
    assert_eq!(pki::read("hello").unwrap_err(), PkiError::Certificate);
    assert_eq!(pki::read(authority.key.reveal()).unwrap_err(), PkiError::Certificate);
    let broken = Pair { key: support::secret("hello"), ..authority };
    assert_eq!(pki::certificate(&broken, &request(Usage::Server), now()).unwrap_err(), PkiError::Key);
    assert!(!format!("{broken:?}").contains("hello"));
}
