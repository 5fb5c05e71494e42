use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use regionctl_ssh::{Host, IdentityError, SshError};

use crate::sshd::{Sshd, keygen, sh};

struct Agent {
    socket: PathBuf,
    child: Child,
}

impl Agent {
    fn start(dir: &Path) -> Self {
        let socket = dir.join("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("package openssh-client");
        let end = Instant::now() + Duration::from_secs(5);
        while !socket.exists() {
            assert!(Instant::now() < end, "no agent");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { socket, child }
    }

    fn add(&self, key: &Path) {
        let done = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_agent_signs() {
    let server = Sshd::start();
    let agent = Agent::start(server.dir.path());
    let mut endpoint = server.endpoint();
    endpoint.identity = None;
    endpoint.agent = true;
    endpoint.agent_socket = Some(agent.socket.clone());
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::NoIdentity { .. }), "an empty agent: {error:?}");

    // The wrong one is tried first, and a rsa key, which only an agent can use.
    keygen(&server.path("other"), "ed25519", "");
    keygen(&server.path("rsa"), "rsa", "");
    agent.add(&server.path("other"));
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::KeyRefused { tried, .. } = &error else { panic!("{error:?}") };
    assert!(tried[0].contains("from the agent (test)"), "{tried:?}");
    agent.add(&server.path("rsa"));
    fs::copy(server.path("rsa.pub"), server.path("authorized")).unwrap();
    let host = Host::connect(&endpoint).await.unwrap();
    assert!(host.exec(sh("true")).await.unwrap().success());
}

#[tokio::test]
async fn a_locked_key_file_is_found_in_the_agent_among_many() {
    let server = Sshd::start();
    let agent = Agent::start(server.dir.path());
    let mut endpoint = server.endpoint();
    keygen(&server.path("locked"), "ed25519", "secret");
    fs::copy(server.path("locked.pub"), server.path("authorized")).unwrap();
    endpoint.identity = Some(server.path("locked"));
    endpoint.agent = true;
    endpoint.agent_socket = Some(agent.socket.clone());
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::Identity { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(**source, IdentityError::Encrypted { .. }));

    // More keys than a server lets one try.
    for i in 0..8 {
        let path = server.path(&format!("k{i}"));
        keygen(&path, "ed25519", "");
        agent.add(&path);
    }
    // `ssh-add` reads no passphrase without a terminal, so the agent gets an unlocked copy.
    fs::copy(server.path("locked"), server.path("unlocked")).unwrap();
    let done =
        Command::new("ssh-keygen").args(["-q", "-p", "-P", "secret", "-N", "", "-f"]).arg(server.path("unlocked")).status();
    assert!(done.unwrap().success());
    agent.add(&server.path("unlocked"));
    Host::connect(&endpoint).await.unwrap();
}

#[tokio::test]
async fn a_missing_agent_is_said() {
    let server = Sshd::start();
    let mut endpoint = server.endpoint();
    endpoint.identity = None;
    endpoint.agent = true;
    endpoint.agent_socket = Some(server.path("nothing"));
    let error = Host::connect(&endpoint).await.unwrap_err();
    assert!(matches!(error, SshError::Agent { .. }), "{error:?}");
    assert!(error.to_string().contains("cannot connect to"), "{error}");
}

#[tokio::test]
async fn too_many_keys_in_the_agent_end_in_a_refusal() {
    let server = Sshd::start();
    let agent = Agent::start(server.dir.path());
    for i in 0..8 {
        let path = server.path(&format!("k{i}"));
        keygen(&path, "ed25519", "");
        agent.add(&path);
    }
    let mut endpoint = server.endpoint();
    endpoint.identity = None;
    endpoint.agent = true;
    endpoint.agent_socket = Some(agent.socket.clone());
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::KeyRefused { tried, not_offered, .. } = &error else { panic!("{error:?}") };
    assert!(tried.last().unwrap().contains("closed the connection"), "{tried:?}");
    assert_eq!(tried.len() - 1 + not_offered, 8);
    assert!(error.hint().unwrap().contains("identityFile: ~/.ssh/NAME.pub"), "{:?}", error.hint());
}

#[tokio::test]
async fn a_public_key_names_the_one_of_the_agent() {
    let server = Sshd::start();
    let agent = Agent::start(server.dir.path());
    let mut endpoint = server.endpoint();
    endpoint.identity = Some(server.path("k7.pub"));
    endpoint.agent = true;
    endpoint.agent_socket = Some(agent.socket.clone());
    for i in 0..12 {
        let path = server.path(&format!("k{i}"));
        keygen(&path, "ed25519", "");
        if i != 7 {
            agent.add(&path);
        }
    }
    fs::copy(server.path("k7.pub"), server.path("authorized")).unwrap();
    // None of the others is offered in its place.
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::Identity { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(**source, IdentityError::Public { .. }), "{source:?}");
    assert!(error.hint().unwrap().contains("ssh-add"), "{:?}", error.hint());
    agent.add(&server.path("k7"));
    Host::connect(&endpoint).await.unwrap();
    endpoint.identity = Some(server.path("k3.pub"));
    let error = Host::connect(&endpoint).await.unwrap_err();
    let SshError::KeyRefused { tried, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tried.len(), 1, "{tried:?}");
}
