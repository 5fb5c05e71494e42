use std::time::Instant;

use regionctl_ssh::{Endpoint, Pool, SshError};

use crate::sshd::{Sshd, sh};

#[tokio::test]
async fn a_connection_is_shared_and_made_again() {
    let mut server = Sshd::start();
    let endpoint = server.endpoint();
    let pool = Pool::default();
    let (a, b) = tokio::join!(pool.get(&endpoint), pool.get(&endpoint));
    let (a, b) = (a.unwrap(), b.unwrap());
    a.exec(sh("true")).await.unwrap();
    b.exec(sh("true")).await.unwrap();
    assert_eq!((a.round_trips(), b.round_trips(), pool.round_trips(&endpoint)), (2, 2, 2));
    assert_eq!(server.log().matches("Accepted publickey").count(), 1);

    server.restart();
    let error = a.exec(sh("true")).await.unwrap_err();
    assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
    let again = pool.get(&endpoint).await.unwrap();
    assert!(again.exec(sh("true")).await.unwrap().success());
    assert_eq!(again.round_trips(), 4, "the count goes on");
    pool.close().await;
    assert!(again.is_lost());
}

#[tokio::test]
async fn a_hundred_hosts_behind_one_bastion() {
    let bastion = Sshd::start();
    let server = Sshd::start();
    let gate = Endpoint { name: "gate".into(), ..bastion.endpoint() };
    let endpoints: Vec<_> = (0..100)
        .map(|i| Endpoint { name: format!("host-{i}"), bastion: Some(Box::new(gate.clone())), ..server.endpoint() })
        .collect();
    // Fewer permits than hosts, and the bastion needs one too.
    let pool = Pool::new(4);
    let started = Instant::now();
    let hosts = pool.connect_all(&endpoints).await;
    println!("100 hosts behind a bastion in {:?}, {}", started.elapsed(), memory());
    let mut tasks = Vec::new();
    for (i, host) in hosts.into_iter().enumerate() {
        let host = host.unwrap();
        assert_eq!(host.name(), format!("host-{i}"));
        tasks.push(tokio::spawn(async move { host.exec(sh("echo ok")).await.unwrap().text().into_owned() }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), "ok\n");
    }
    println!("with a command each in {:?}, {}", started.elapsed(), memory());
    assert_eq!(bastion.log().matches("Accepted publickey").count(), 1);
}

#[tokio::test]
async fn one_that_fails_does_not_fail_the_others() {
    let server = Sshd::start();
    let good = server.endpoint();
    let bad = Endpoint { name: "beta".into(), port: 1, ..server.endpoint() };
    let results = Pool::default().connect_all(&[bad, good]).await;
    assert!(matches!(results[0], Err(SshError::Unreachable { .. })));
    assert!(results[1].is_ok());
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default().to_owned()
}
