use std::time::{Duration, Instant};

use regionctl_plan::Argv;
use regionctl_ssh::{End, Exec, SshError};

use crate::sshd::{Sshd, sh};

#[tokio::test]
async fn streams_and_status_are_kept_apart() {
    let server = Sshd::start();
    let host = server.connect().await;
    let out = host.exec(sh("echo out; echo err >&2; exit 7")).await.unwrap();
    assert_eq!((out.stdout.as_slice(), out.stderr.as_slice(), out.end), (&b"out\n"[..], &b"err\n"[..], End(7)));
    let out = host.exec(sh("kill -9 $$")).await.unwrap();
    assert_eq!((out.end, out.end.signal()), (End(137), Some("KILL")));
    let out = host.exec(Exec::new(&Argv::new("printf").arg("%s|").args(["it's", "$HOME", "", "a\nb", "*"]))).await.unwrap();
    assert_eq!(out.text(), "it's|$HOME||a\nb|*|");
    let out = host.exec(Exec::new(&Argv::new("no-such-command"))).await.unwrap();
    assert_eq!(out.end, End(127));
    assert!(out.tail(1).contains("no-such-command"));
    assert_eq!(host.round_trips(), 4);
}

#[tokio::test]
async fn big_input_and_output() {
    let server = Sshd::start();
    let host = server.connect().await;
    let started = Instant::now();
    let out = host.exec(sh("head -c 10485760 /dev/zero; head -c 1000000 /dev/zero >&2")).await.unwrap();
    println!("10 MB down in {:?}", started.elapsed());
    assert_eq!((out.stdout.len(), out.stderr.len()), (10_485_760, 1_000_000));

    let bytes: Vec<u8> = (0..10_000_000_u32).map(|i| (i % 251) as u8).collect();
    let started = Instant::now();
    let out = host.exec(Exec::new(&Argv::new("cat")).stdin(bytes.clone())).await.unwrap();
    println!("10 MB there and back in {:?}", started.elapsed());
    assert!(out.stdout == bytes);
    // A command that does not read its input.
    let out = host.exec(sh("echo done").stdin(bytes)).await.unwrap();
    assert_eq!(out.text(), "done\n");
}

#[tokio::test]
async fn too_much_output_is_an_error() {
    let server = Sshd::start();
    let host = server.connect().await;
    let error = host.exec(sh("yes").max_output(1_000_000).named("the flood")).await.unwrap_err();
    assert!(matches!(error, SshError::TooMuchOutput { limit: 1_000_000, .. }), "{error:?}");
    assert!(error.to_string().contains("the flood printed more than 1000000 bytes"), "{error}");
    assert!(host.exec(sh("true")).await.unwrap().success(), "the connection is still good");
}

#[tokio::test]
async fn a_timeout_names_what_it_waited_for_and_frees_the_session() {
    let server = Sshd::start();
    let host = server.connect().await;
    // More often than the server allows sessions.
    for _ in 0..15 {
        let error = host.exec(sh("sleep 1000").timeout(Duration::from_millis(100)).named("the nap")).await.unwrap_err();
        assert!(matches!(error, SshError::Timeout { .. }), "{error:?}");
        assert_eq!(error.to_string(), "alpha: the nap did not end within 100ms");
    }
    assert!(host.exec(sh("true")).await.unwrap().success());
}

#[tokio::test]
async fn a_dropped_future_stops_the_command() {
    let server = Sshd::start();
    let host = server.connect().await;
    let pid = server.path("pid");
    let command = format!("echo $$ >{}; exec sleep 1000", pid.display());
    let _ = tokio::time::timeout(Duration::from_millis(500), host.exec(sh(&command))).await;
    let pid: u32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    while std::path::Path::new(&format!("/proc/{pid}")).exists() {
        assert!(Instant::now() < end, "{pid} still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn many_channels_at_once_stay_within_the_servers_limit() {
    let server = Sshd::start();
    let host = server.connect().await;
    let tasks: Vec<_> = (0..40)
        .map(|i| {
            let host = host.clone();
            tokio::spawn(async move { host.exec(sh(&format!("sleep 0.05; echo {i}"))).await.unwrap().text().into_owned() })
        })
        .collect();
    for (i, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), format!("{i}\n"));
    }
    assert_eq!(host.round_trips(), 40);
}

#[tokio::test]
async fn lines_come_as_they_are_printed() {
    let server = Sshd::start();
    let host = server.connect().await;
    let started = Instant::now();
    let mut seen = Vec::new();
    let out =
        host.exec_lines(sh("echo one; sleep 0.5; printf two"), |l| seen.push((l.to_owned(), started.elapsed()))).await.unwrap();
    assert_eq!(out.text(), "one\ntwo");
    assert_eq!(seen.iter().map(|(l, _)| l.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert!(seen[1].1 - seen[0].1 > Duration::from_millis(300), "{seen:?}");
}

#[tokio::test]
async fn something_left_in_the_background_does_not_hold_us() {
    let server = Sshd::start();
    let host = server.connect().await;
    let out = host.exec(sh("sleep 30 & echo started")).await.unwrap();
    assert!(out.success() && out.text() == "started\n");
    assert!(out.elapsed < Duration::from_secs(3));
}

#[tokio::test]
async fn input_reaches_the_command_and_only_it() {
    let server = Sshd::start();
    let host = server.connect().await;
    let out =
        host.exec(Exec::new(&Argv::new("sh").arg("-c").arg("read a; cat; exit 4")).stdin("first\nsecond\nthird")).await.unwrap();
    assert_eq!((out.text().as_ref(), out.end), ("second\nthird", End(4)));
    let out = host.exec(Exec::new(&Argv::new("cat")).stdin("")).await.unwrap();
    assert_eq!(out.text(), "");
    let out = host.exec(Exec::new(&Argv::new("cat"))).await.unwrap();
    assert_eq!(out.text(), "");
}
