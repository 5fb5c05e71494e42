use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use regionctl_ssh::{Endpoint, Host, IdentityError, SshError};

use crate::sshd::{Sshd, free_port, keygen, sh};

#[tokio::test]
async fn a_key_file_logs_in() {
    let server = Sshd::start();
    let started = Instant::now();
    let host = server.connect().await;
    let connected = started.elapsed();
    let out = host.exec(sh("id -un")).await.unwrap();
    println!("connect {connected:?}, exec {:?}", started.elapsed() - connected);
    assert_eq!(out.text(), "root\n");
    assert_eq!(host.round_trips(), 1);
    assert!(!host.is_lost());
}

#[tokio::test]
async fn a_wrong_key_is_refused_by_name() {
    let server = Sshd::start();
    keygen(&server.path("wrong"), "ed25519", "");
    let mut endpoint = server.endpoint();
    endpoint.identity = Some(server.path("wrong"));
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::KeyRefused { host, user, tried, .. } = &error else { panic!("{error:?}") };
    assert_eq!((host.as_str(), user.as_str(), tried.len()), ("alpha", "root", 1));
    assert!(tried[0].starts_with("ssh-ed25519 SHA256:") && tried[0].ends_with("wrong`"), "{tried:?}");
    assert!(error.hint().unwrap().contains("authorized_keys"));
}

#[tokio::test]
async fn ecdsa_keys_work_and_rsa_keys_say_what_to_do() {
    let server = Sshd::start();
    keygen(&server.path("ec"), "ecdsa", "");
    keygen(&server.path("rsa"), "rsa", "");
    fs::copy(server.path("ec.pub"), server.path("authorized")).unwrap();
    let mut endpoint = server.endpoint();
    endpoint.identity = Some(server.path("ec"));
    Host::connect(&endpoint).await.unwrap();
    endpoint.identity = Some(server.path("rsa"));
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::Identity { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(**source, IdentityError::Rsa { .. }), "{source:?}");
    assert!(error.hint().unwrap().contains("ssh-keygen -t ed25519"));
}

#[tokio::test]
async fn unusable_key_files_are_told_apart() {
    let server = Sshd::start();
    keygen(&server.path("locked"), "ed25519", "secret");
    fs::write(server.path("garbage"), "hello\n").unwrap();
    let mut endpoint = server.endpoint();
    for (name, wanted, hint) in [
        ("locked", "is protected by a passphrase", "ssh-add"),
        ("garbage", "is not a private key", "OpenSSH format"),
        ("id.pub", "is a public key", "ssh-add"),
        ("missing", "cannot read", "ssh.identity"),
    ] {
        endpoint.identity = Some(server.path(name));
        let error = Host::connect(&endpoint).await.unwrap_err();
        let SshError::Identity { source, .. } = &error else { panic!("{error:?}") };
        assert!(source.to_string().contains(wanted), "{source}");
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
    }
    endpoint.identity = None;
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::NoIdentity { .. }), "{error:?}");
}

#[tokio::test]
async fn a_key_with_a_passphrase_is_unlocked_once() {
    let server = Sshd::start();
    let file = server.path("with-passphrase");
    keygen(&file, "ed25519", "secret");
    fs::copy(file.with_extension("pub"), server.path("authorized")).unwrap();
    let mut endpoint = server.endpoint();
    endpoint.identity = Some(file.clone());
    assert!(regionctl_ssh::is_locked(&file) && !regionctl_ssh::is_locked(&server.path("id")));
    assert!(matches!(regionctl_ssh::unlock(&file, "wrong"), Err(IdentityError::Encrypted { .. })));
    assert!(matches!(Host::connect(&endpoint).await, Err(SshError::Identity { .. })));
    regionctl_ssh::unlock(&file, "secret").unwrap();
    assert!(!regionctl_ssh::is_locked(&file));
    Host::connect(&endpoint).await.unwrap();
    Host::connect(&endpoint).await.unwrap();
}

#[tokio::test]
async fn nobody_there() {
    let mut endpoint = Endpoint::new("alpha", "127.0.0.1", "root", "/nonexistent/known_hosts");
    endpoint.port = free_port();
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::Unreachable { .. }), "{error:?}");
    assert!(error.is_transient() && error.hint().unwrap().contains("nothing listens"));

    endpoint.host = "no-such-host.invalid".into();
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::Dns { .. }), "{error:?}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut endpoint = Endpoint::new("alpha", "127.0.0.1", "root", "/nonexistent/known_hosts");
    endpoint.port = listener.local_addr().unwrap().port();
    endpoint.connect_timeout = Duration::from_millis(300);
    let started = Instant::now();
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::Silent { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn something_that_is_not_ssh() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut endpoint = Endpoint::new("alpha", "127.0.0.1", "root", "/nonexistent/known_hosts");
    endpoint.port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::Handshake { .. }), "{error:?}");
}
