//! A server of our own: random port, its own keys and configuration, gone with everything it started when dropped.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use regionctl_plan::Argv;
use regionctl_ssh::{Endpoint, Exec, Host};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub struct Sshd {
    pub dir: TempDir,
    pub port: u16,
    child: Child,
}

impl Sshd {
    pub fn start() -> Self {
        Self::with("")
    }

    /// With these lines added to its configuration; `{dir}` is its folder.
    pub fn with(extra: &str) -> Self {
        Self::with_keys(extra, &["ed25519"])
    }

    pub fn with_keys(extra: &str, key_types: &[&str]) -> Self {
        assert!(Path::new("/usr/sbin/sshd").exists(), "no sshd: install the package openssh-server");
        assert!(rustix::process::geteuid().is_root(), "these tests start sshd and need root");
        // sshd's own folder, which its unit would make.
        fs::DirBuilder::new().recursive(true).mode(0o755).create("/run/sshd").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        // Users other than root must get at the authorized keys.
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        for kind in key_types {
            keygen(&at.join(format!("host_{kind}")), kind, "");
        }
        keygen(&at.join("id"), "ed25519", "");
        fs::copy(at.join("id.pub"), at.join("authorized")).unwrap();
        fs::create_dir(at.join("home")).unwrap();
        let port = free_port();
        let host_keys: String = key_types.iter().map(|k| format!("HostKey {}/host_{k}\n", at.display())).collect();
        // A home of its own: this machine's .bashrc is not part of the test, nor to be killed half-way.
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\n{host_keys}AuthorizedKeysFile {dir}/authorized\n\
             PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nUseDNS no\n\
             SetEnv HOME={dir}/home\nMaxStartups 200\nLogLevel VERBOSE\n{extra}\n",
            dir = at.display(),
            extra = extra.replace("{dir}", &at.display().to_string()),
        );
        fs::write(at.join("config"), config).unwrap();
        let child = launch(at);
        let server = Self { dir, port, child };
        server.wait();
        server
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "sshd does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Root with the right key, the host key accepted when new.
    pub fn endpoint(&self) -> Endpoint {
        let mut endpoint = Endpoint::new("alpha", "127.0.0.1", "root", self.path("known_hosts"));
        endpoint.port = self.port;
        endpoint.identity = Some(self.path("id"));
        endpoint.agent = false;
        endpoint.accept_new = true;
        endpoint.connect_timeout = Duration::from_secs(10);
        endpoint
    }

    pub async fn connect(&self) -> Host {
        match Host::connect(&self.endpoint()).await {
            Ok(host) => host,
            Err(error) => panic!("{error:?}\n{}", self.log()),
        }
    }

    /// Kills the server with all its sessions.
    pub fn stop(&mut self) {
        let pid = self.child.id();
        for descendant in descendants(pid) {
            signal(descendant, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The same server again, on the same port.
    pub fn restart(&mut self) {
        self.stop();
        self.child = launch(self.dir.path());
        self.wait();
    }

    /// The processes of its sessions.
    pub fn processes(&self) -> Vec<u32> {
        descendants(self.child.id())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn launch(at: &Path) -> Child {
    let log = fs::OpenOptions::new().append(true).create(true).open(at.join("log")).unwrap();
    Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f"])
        .arg(at.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

pub fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let done = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"]).arg(path).status();
    assert!(done.expect("no ssh-keygen: install the package openssh-client").success());
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn sh(script: &str) -> Exec {
    Exec::new(&Argv::new("sh").arg("-c").arg(script)).timeout(Duration::from_secs(20))
}

pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = kill_process(pid, signal);
    }
}

/// Children, their children and so on, deepest last.
pub fn descendants(of: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in parentheses may hold anything.
        let Some(parent) = stat.rsplit(')').next().and_then(|r| r.split_ascii_whitespace().nth(1)?.parse::<u32>().ok()) else {
            continue;
        };
        parents.push((pid, parent));
    }
    let mut found = vec![of];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}
