use std::time::Duration;

use regionctl_ssh::{Host, HostKeyError, SshError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::sshd::{Sshd, free_port, sh};

#[tokio::test]
async fn a_host_behind_a_bastion() {
    let mut bastion = Sshd::start();
    let server = Sshd::start();
    let mut endpoint = server.endpoint();
    endpoint.bastion = Some(Box::new(regionctl_ssh::Endpoint { name: "gate".into(), ..bastion.endpoint() }));
    let host = Host::connect(&endpoint).await.unwrap();
    let out = host.exec(sh("head -c 3000000 /dev/zero; echo $SSH_CONNECTION >&2")).await.unwrap();
    assert_eq!(out.stdout.len(), 3_000_000);
    assert!(out.tail(1).ends_with(&format!(" {}", server.port)));
    bastion.stop();
    let error = host.exec(sh("true")).await.unwrap_err();
    assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
}

#[tokio::test]
async fn both_host_keys_are_verified_and_faults_name_their_host() {
    let bastion = Sshd::start();
    let server = Sshd::start();
    let gate = regionctl_ssh::Endpoint { name: "gate".into(), ..bastion.endpoint() };
    let mut endpoint = server.endpoint();
    endpoint.accept_new = false;
    endpoint.bastion = Some(Box::new(gate.clone()));
    match Host::connect(&endpoint).await {
        Err(SshError::HostKey { host, source }) => {
            assert_eq!(host, "alpha");
            assert!(matches!(*source, HostKeyError::Unknown { .. }));
        }
        other => panic!("{other:?}"),
    }
    endpoint.accept_new = true;
    endpoint.bastion =
        Some(Box::new(regionctl_ssh::Endpoint { accept_new: false, known_hosts: "/nonexistent".into(), ..gate.clone() }));
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::Bastion { host, bastion: name, source } = &error else { panic!("{error:?}") };
    assert_eq!((host.as_str(), name.as_str()), ("alpha", "gate"));
    assert!(matches!(**source, SshError::HostKey { .. }));
    assert!(error.hint().unwrap().contains("--accept-new"));

    endpoint.bastion = Some(Box::new(gate));
    endpoint.port = free_port();
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_bastion_that_forbids_forwarding() {
    let bastion = Sshd::with("AllowTcpForwarding no");
    let server = Sshd::start();
    let mut endpoint = server.endpoint();
    endpoint.bastion = Some(Box::new(regionctl_ssh::Endpoint { name: "gate".into(), ..bastion.endpoint() }));
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::Bastion { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(**source, SshError::ChannelRefused { .. }), "{source:?}");
    assert!(error.hint().unwrap().contains("AllowTcpForwarding"));
}

#[tokio::test]
async fn a_forwarded_port_is_a_stream() {
    let server = Sshd::start();
    let host = server.connect().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(&all).await.unwrap();
        all.len()
    });
    let mut stream = host.forward("127.0.0.1", port).await.unwrap();
    let bytes = vec![3; 5_000_000];
    stream.write_all(&bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut back = Vec::new();
    stream.read_to_end(&mut back).await.unwrap();
    assert!(back == bytes);
    assert_eq!(echo.await.unwrap(), bytes.len());

    let error = host.forward("127.0.0.1", free_port()).await.unwrap_err();
    assert!(matches!(error, SshError::ChannelRefused { .. }), "{error:?}");
}

#[tokio::test]
async fn dropping_a_stream_closes_the_far_connection() {
    let server = Sshd::start();
    let host = server.connect().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut stream = host.forward("127.0.0.1", port).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    stream.write_all(b"last words").await.unwrap();
    drop(stream);
    let mut all = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), far.read_to_end(&mut all)).await.unwrap().unwrap();
    assert_eq!(all, b"last words");
}

#[tokio::test]
async fn an_unread_stream_does_not_stop_the_others() {
    let server = Sshd::start();
    let host = server.connect().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let _stream = host.forward("127.0.0.1", port).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    // Less than the buffer, in many small pieces.
    tokio::spawn(async move {
        for _ in 0..2000 {
            far.write_all(&[1; 400]).await.unwrap();
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(host.exec(sh("true").timeout(Duration::from_secs(5))).await.unwrap().success());
}
