use std::time::{Duration, Instant};

use regionctl_ssh::{Host, SshError};
use rustix::process::Signal;

use crate::sshd::{Sshd, sh, signal};

#[tokio::test]
async fn a_killed_server_fails_what_waits() {
    let mut server = Sshd::start();
    let host = server.connect().await;
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let host = host.clone();
            tokio::spawn(async move { host.exec(sh("sleep 100")).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.stop();
    for task in waiting {
        let error = task.await.unwrap().unwrap_err();
        assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
    }
    assert!(host.is_lost());
    let error = host.exec(sh("true")).await.unwrap_err();
    assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
}

#[tokio::test]
async fn a_dead_peer_is_noticed() {
    let server = Sshd::start();
    let mut endpoint = server.endpoint();
    endpoint.keepalive_interval = Duration::from_millis(300);
    endpoint.keepalive_max = 2;
    let host = Host::connect(&endpoint).await.unwrap();
    let started = Instant::now();
    let waiting = {
        let host = host.clone();
        tokio::spawn(async move { host.exec(sh("sleep 100").timeout(Duration::from_secs(30))).await })
    };
    // A live one is not given up, however long it says nothing.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!host.is_lost());
    for pid in server.processes() {
        signal(pid, Signal::STOP);
    }
    let error = waiting.await.unwrap().unwrap_err();
    let SshError::ConnectionLost { reason, .. } = &error else { panic!("{error:?}") };
    assert!(reason.contains("stopped answering"), "{reason}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_dead_peer_is_noticed_while_sending() {
    let server = Sshd::start();
    let mut endpoint = server.endpoint();
    endpoint.keepalive_interval = Duration::from_millis(500);
    endpoint.keepalive_max = 2;
    let host = Host::connect(&endpoint).await.unwrap();
    let waiting = {
        let host = host.clone();
        tokio::spawn(
            async move { host.exec(sh("cat >/dev/null").stdin(vec![1; 400_000_000]).timeout(Duration::from_secs(60))).await },
        )
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    for pid in server.processes() {
        signal(pid, Signal::STOP);
    }
    let started = Instant::now();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn closing_says_so() {
    let server = Sshd::start();
    let host = server.connect().await;
    host.close().await;
    let error = host.exec(sh("true")).await.unwrap_err();
    assert!(error.to_string().contains("it was closed here"), "{error}");
}
