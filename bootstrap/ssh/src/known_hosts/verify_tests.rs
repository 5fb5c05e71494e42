use std::fs;
use std::os::unix::fs::PermissionsExt;

use russh::keys::parse_public_key_base64;

use super::*;

const ED_A: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
const ED_B: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G1sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";
const P256: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBD+L4cKyZlk/LQmG1Pri9bsSZ4DUN4AzPVc+re8CG77GignsgwwreVQeUEOizK8DZ6c1sJbK81Bzbl1W3iiH1GE=";

fn key(base64: &str) -> PublicKey {
    parse_public_key_base64(base64).unwrap()
}

fn verify(text: &str, port: u16, shown: &str) -> Result<(), HostKeyError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    fs::write(&file, text).unwrap();
    KnownHosts::read(&file, "Host.Example", port, false).unwrap().verify(&key(shown))
}

#[test]
fn a_known_key_is_accepted_in_every_form() {
    for (text, port) in [
        (format!("host.example ssh-ed25519 {ED_A}\n"), 22),
        (format!("# comment\n\nother ssh-ed25519 {ED_B}\nx,host.example\tssh-ed25519\t{ED_A} a comment\r\n"), 22),
        (format!("*.example ssh-ed25519 {ED_A}"), 22),
        (format!("[host.example]:2222 ssh-ed25519 {ED_A}"), 2222),
        (format!("host.example ssh-ed25519 {ED_A}"), 2222),
        (format!("host.example ssh-ed25519 {ED_B}\nhost.example ssh-ed25519 {ED_A}\n"), 22),
        (format!("@cert-authority * ssh-ed25519 {ED_B}\nhost.example ssh-ed25519 {ED_A}\n"), 22),
        (format!("@revoked * ssh-ed25519 {ED_B}\nhost.example ssh-ed25519 {ED_A}\n"), 22),
        (format!("host.example\nhost.example 1024 35 1234\nhost.example ssh-ed25519 !!!\nhost.example ssh-ed25519 {ED_A}\n"), 22),
    ] {
        verify(&text, port, ED_A).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

#[test]
fn unknown_changed_and_revoked_are_told_apart() {
    assert!(matches!(verify("", 22, ED_A), Err(HostKeyError::Unknown { .. })));
    assert!(matches!(verify(&format!("@cert-authority * ssh-ed25519 {ED_A}"), 22, ED_A), Err(HostKeyError::Unknown { .. })));
    assert!(matches!(
        verify(&format!("!host.example,*.example ssh-ed25519 {ED_A}"), 22, ED_A),
        Err(HostKeyError::Unknown { .. })
    ));
    // A different key on port 22 says nothing about another port.
    assert!(matches!(verify(&format!("host.example ssh-ed25519 {ED_B}"), 2222, ED_A), Err(HostKeyError::Unknown { .. })));
    match verify(&format!("\n# x\nhost.example ssh-ed25519 {ED_B}\n"), 22, ED_A) {
        Err(e @ HostKeyError::Changed { line: 3, .. }) => {
            let text = e.to_string();
            assert!(text.contains("known_hosts:3 has ssh-ed25519 SHA256:"), "{text}");
            assert!(e.hint().unwrap().contains("ssh-keygen -R 'host.example'"));
        }
        other => panic!("{other:?}"),
    }
    let revoked = format!("host.example ssh-ed25519 {ED_A}\n@revoked *.example ssh-ed25519 {ED_A}\n");
    assert!(matches!(verify(&revoked, 22, ED_A), Err(HostKeyError::Revoked { line: 2, .. })));
}

#[test]
fn a_key_of_another_type_is_a_change() {
    let text = format!("host.example ecdsa-sha2-nistp256 {P256}\n");
    assert!(matches!(verify(&text, 22, ED_A), Err(HostKeyError::Changed { .. })), "{:?}", verify(&text, 22, ED_A));
    let rsa = "host.example ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC=\n";
    assert!(matches!(verify(rsa, 22, ED_A), Err(HostKeyError::Unverifiable { line: 1, .. })));
}

#[test]
fn known_algorithms_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    fs::write(&file, format!("host.example ssh-ed25519 {ED_A}\n@revoked * ecdsa-sha2-nistp256 {P256}\n")).unwrap();
    let known = KnownHosts::read(&file, "host.example", 22, false).unwrap();
    assert_eq!(known.algorithms(), [Algorithm::Ed25519]);
}

#[test]
fn new_keys_are_appended_once_and_never_over_a_changed_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a/b/known_hosts");
    let learn = |host: &str, port, shown| KnownHosts::read(&file, host, port, true).unwrap().verify(&key(shown));
    learn("one", 22, ED_A).unwrap();
    learn("one", 22, ED_A).unwrap();
    learn("one", 2222, ED_B).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("one ssh-ed25519 {ED_A}\n[one]:2222 ssh-ed25519 {ED_B}\n"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(learn("one", 22, ED_B), Err(HostKeyError::Changed { line: 1, .. })));

    fs::write(&file, "# no newline at the end").unwrap();
    learn("two", 22, ED_A).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("# no newline at the end\ntwo ssh-ed25519 {ED_A}\n"));
}

#[test]
fn nothing_is_learnt_into_a_file_that_is_something_else() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("authorized_keys");
    let learn = || KnownHosts::read(&file, "pty", 22, true).unwrap().verify(&key(ED_A));
    let own = format!(
        "one ssh-ed25519 {ED_A}\n@revoked * ecdsa-sha2-nistp256 {P256} comment\n|1|c2FsdA==|aGFzaA== ssh-ed25519 {ED_B}\n"
    );
    let others = [
        format!("ssh-ed25519 {ED_A} alice@laptop\n"),
        format!("command=\"true\" ssh-ed25519 {ED_A}\n"),
        "export PATH=/usr/bin\n".to_owned(),
        "a text of three\n".to_owned(),
    ];
    for other in others {
        let text = own.clone() + &other;
        fs::write(&file, &text).unwrap();
        assert!(matches!(learn(), Err(HostKeyError::NotKnownHosts { line: 4, .. })), "{other}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::write(&file, &own).unwrap();
    learn().unwrap();
    let pipe = dir.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    assert!(matches!(KnownHosts::read(&pipe, "one", 22, true), Err(HostKeyError::Read { .. })));
    assert!(matches!(KnownHosts::read(Path::new("/dev/zero"), "one", 22, true), Err(HostKeyError::Read { .. })));
}

#[test]
fn many_may_learn_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    std::thread::scope(|scope| {
        for i in 0..64 {
            let file = &file;
            // Two connections per host: the second must find what the first wrote.
            scope.spawn(move || KnownHosts::read(file, &format!("host{}", i / 2), 22, true).unwrap().verify(&key(ED_A)).unwrap());
        }
    });
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 32, "{text}");
    assert!(text.lines().all(|l| l.ends_with(ED_A) && l.starts_with("host")));
}
