use std::fs;
use std::process::Command;

use regionctl_ssh::{Host, HostKeyError, SshError};

use crate::sshd::{Sshd, keygen};

fn host_key_error(result: Result<Host, SshError>) -> HostKeyError {
    match result {
        Err(SshError::HostKey { source, .. }) => *source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn unknown_then_accepted_then_changed() {
    let server = Sshd::start();
    let known_hosts = server.path("known_hosts");
    let mut endpoint = server.endpoint();
    endpoint.accept_new = false;
    let error = host_key_error(Host::connect(&endpoint).await);
    assert!(matches!(error, HostKeyError::Unknown { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("`[127.0.0.1]:{}`", server.port)), "{error}");
    assert!(error.hint().unwrap().contains("--accept-new"));
    assert!(!known_hosts.exists());

    endpoint.accept_new = true;
    Host::connect(&endpoint).await.unwrap();
    endpoint.accept_new = false;
    Host::connect(&endpoint).await.unwrap();

    // ssh itself agrees with what was written.
    let found =
        Command::new("ssh-keygen").arg("-F").arg(format!("[127.0.0.1]:{}", server.port)).arg("-f").arg(&known_hosts).output();
    assert!(found.unwrap().status.success());

    let before = fs::read_to_string(&known_hosts).unwrap();
    keygen(&server.path("new"), "ed25519", "");
    let new = fs::read_to_string(server.path("new.pub")).unwrap();
    fs::write(&known_hosts, format!("# first\n[127.0.0.1]:{} {new}", server.port)).unwrap();
    endpoint.accept_new = true;
    let error = host_key_error(Host::connect(&endpoint).await);
    let HostKeyError::Changed { line: 2, old, new, file, .. } = &error else { panic!("{error:?}") };
    assert_ne!(old, new);
    assert_eq!(*file, known_hosts);
    let shown = Command::new("ssh-keygen").arg("-lf").arg(server.path("host_ed25519.pub")).output().unwrap();
    let fingerprint = new.strip_prefix("ssh-ed25519 ").unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains(fingerprint), "{fingerprint}");
    assert_ne!(fs::read_to_string(&known_hosts).unwrap(), before);
}

#[tokio::test]
async fn hashed_wildcard_and_revoked_entries() {
    let server = Sshd::start();
    let known_hosts = server.path("known_hosts");
    let key = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    let mut endpoint = server.endpoint();
    endpoint.accept_new = false;

    fs::write(&known_hosts, format!("[127.0.0.1]:{} {key}", server.port)).unwrap();
    assert!(Command::new("ssh-keygen").arg("-Hqf").arg(&known_hosts).output().unwrap().status.success());
    assert!(fs::read_to_string(&known_hosts).unwrap().starts_with("|1|"));
    Host::connect(&endpoint).await.unwrap();

    fs::write(&known_hosts, format!("@cert-authority * {key}[127.0.0.?]:* {key}")).unwrap();
    Host::connect(&endpoint).await.unwrap();

    fs::write(&known_hosts, format!("[127.0.0.1]:{} {key}@revoked * {key}", server.port)).unwrap();
    let error = host_key_error(Host::connect(&endpoint).await);
    assert!(matches!(error, HostKeyError::Revoked { line: 2, .. }), "{error:?}");
}

#[tokio::test]
async fn the_known_algorithm_is_asked_for() {
    // By our order of preference ed25519 would come first, and be unknown.
    let server = Sshd::with_keys("", &["ed25519", "ecdsa", "rsa"]);
    let known_hosts = server.path("known_hosts");
    let mut endpoint = server.endpoint();
    endpoint.accept_new = false;
    for kind in ["ecdsa", "ed25519"] {
        let key = fs::read_to_string(server.path(&format!("host_{kind}.pub"))).unwrap();
        fs::write(&known_hosts, format!("[127.0.0.1]:{} {key}", server.port)).unwrap();
        Host::connect(&endpoint).await.unwrap();
    }
    let rsa = fs::read_to_string(server.path("host_rsa.pub")).unwrap();
    fs::write(&known_hosts, format!("[127.0.0.1]:{} {rsa}", server.port)).unwrap();
    let error = host_key_error(Host::connect(&endpoint).await);
    assert!(matches!(error, HostKeyError::Unverifiable { line: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_with_only_an_rsa_key_says_so() {
    let server = Sshd::with_keys("", &["rsa"]);
    let error = Host::connect(&server.endpoint()).await.unwrap_err();
    assert!(matches!(error, SshError::NoCommonAlgorithm { kind: "host key", .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("ssh-keygen -A"));
}
