use std::fs;
use std::time::{Duration, Instant};

use regionctl_ssh::{End, Host, Script, SshError};

use crate::sshd::Sshd;

async fn run(host: &Host, body: &str) -> Result<regionctl_ssh::Output, SshError> {
    host.script(Script::new(body).timeout(Duration::from_secs(20)), |_| ()).await
}

#[tokio::test]
async fn a_script_gives_its_output_and_status() {
    let server = Sshd::start();
    let host = server.connect().await;
    let out = run(&host, "printf 'a b\\n'; echo \"it's\" >&2; exit 5").await.unwrap();
    assert_eq!((out.stdout.as_slice(), out.stderr.as_slice(), out.end), (&b"a b\n"[..], &b"it's\n"[..], End(5)));
    let out = run(&host, "").await;
    assert!(matches!(out, Err(SshError::ScriptRejected { .. })), "an empty body is no script: {out:?}");
    assert_eq!(run(&host, ":").await.unwrap().stdout, b"");
    assert_eq!(host.round_trips(), 3);
}

#[tokio::test]
async fn commands_cannot_eat_the_script() {
    let server = Sshd::start();
    let host = server.connect().await;
    let out = run(&host, "cat; read x; echo \"read:$x\"\nhead -c 10\necho end").await.unwrap();
    assert_eq!(out.text(), "read:\nend\n");
}

#[tokio::test]
async fn a_chatty_shell_is_dropped() {
    let server = Sshd::start();
    fs::write(server.path("home/.bashrc"), "echo Welcome; echo warning >&2; touch ~/was-read; printf 'no newline'\n").unwrap();
    let host = server.connect().await;
    assert_eq!(host.exec(crate::sshd::sh("echo quiet")).await.unwrap().text(), "quiet\n");
    let mut lines = Vec::new();
    let out = host.script(Script::new("echo one; echo two; echo err >&2"), |l| lines.push(l.to_owned())).await.unwrap();
    assert_eq!((out.stdout.as_slice(), out.stderr.as_slice()), (&b"one\ntwo\n"[..], &b"err\n"[..]));
    assert_eq!(lines, ["one", "two"]);
    assert!(server.path("home/was-read").exists(), "the test's shell is not chatty");
}

#[tokio::test]
async fn megabytes_of_script() {
    let server = Sshd::start();
    let host = server.connect().await;
    let line = "it's $HOME `id` \\ \"quoted\" ".repeat(3);
    let text = format!("{line}\n").repeat(60_000);
    let body = format!("cat <<'EOF' | wc -c\n{text}EOF\n");
    assert!(body.len() > 4_000_000);
    let out = run(&host, &body).await.unwrap();
    println!("{} bytes of script in {:?}", body.len(), out.elapsed);
    assert_eq!(out.text().trim(), text.len().to_string());
    assert!(out.elapsed < Duration::from_secs(10));
}

#[tokio::test]
async fn half_a_script_never_runs() {
    let server = Sshd::start();
    let host = server.connect().await;
    let file = server.path("touched");
    let error = run(&host, &format!("touch {}\nif true; then", file.display())).await.unwrap_err();
    let SshError::ScriptRejected { last, .. } = &error else { panic!("{error:?}") };
    assert!(last.to_lowercase().contains("syntax error"), "{last}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_cut_is_not_a_result() {
    let server = Sshd::start();
    let host = server.connect().await;
    // The shell dies, the connection lives.
    let error = run(&host, "echo half; kill -9 $$").await.unwrap_err();
    assert!(matches!(error, SshError::CutOff { .. }), "{error:?}");
    // The server's process for this connection dies.
    let error = run(&host, "echo half; kill -9 $(ps -o ppid= -p $$); sleep 5").await.unwrap_err();
    assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
    assert!(error.is_transient() && host.is_lost());
}

#[tokio::test]
async fn no_shell_and_other_login_shells() {
    let server = Sshd::with("ForceCommand echo This account is not available; exit 1");
    let error = run(&server.connect().await, "echo x").await.unwrap_err();
    let SshError::NoShell { last, .. } = &error else { panic!("{error:?}") };
    assert!(last.contains("not available"), "{last}");
}

#[tokio::test]
async fn a_daemon_does_not_hold_us() {
    let server = Sshd::start();
    let host = server.connect().await;
    let started = Instant::now();
    let out = run(&host, "sleep 30 & echo started").await.unwrap();
    assert_eq!(out.text(), "started\n");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_slow_script_times_out_by_name() {
    let server = Sshd::start();
    let host = server.connect().await;
    let script = Script::new("sleep 100").named("observe base").timeout(Duration::from_millis(200));
    let error = host.script(script, |_| ()).await.unwrap_err();
    assert_eq!(error.to_string(), "alpha: observe base did not end within 200ms");
}
