//! Many sshd hosts on one machine: a network namespace and an sshd each, on one bridge, with this machine's own root file
//! system. They are looked at and never changed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regionctl_plan::Argv;
use tokio::process::Child;

use crate::bench::error::BenchError;
use crate::bench::process::{self, Given};
use crate::bench::{files, fleet_region};

/// The namespace of the bridge and of the client. Those of the hosts begin with it.
pub const NAMESPACE: &str = "rb-fleet";
const HINT: &str =
    "the fleet needs root, `ip` (package iproute2), `ssh-keygen` (openssh-client) and `/usr/sbin/sshd` (openssh-server)";
/// Longest time until every sshd listens.
const UP: Duration = Duration::from_secs(60);

/// A fleet that is up. Its sshds end with it.
pub struct Network {
    _sshds: Vec<Child>,
    /// The client's private key.
    pub identity: PathBuf,
    /// The hosts' keys.
    pub known_hosts: PathBuf,
}

/// Brings so many hosts up.
pub async fn up(hosts: usize) -> Result<Network, BenchError> {
    let folder = folder();
    files::remove(&folder)?;
    fs::create_dir_all(&folder).map_err(BenchError::io("create", &folder))?;
    let home = folder.join("home");
    fs::create_dir_all(&home).map_err(BenchError::io("create", &home))?;
    // What a Debian server's root has.
    let skeleton = Path::new("/usr/share/base-files/dot.bashrc");
    if skeleton.exists() {
        fs::copy(skeleton, home.join(".bashrc")).map_err(BenchError::io("copy", skeleton))?;
    }
    // Where sshd locks up its unprivileged part; Debian's unit makes it.
    fs::create_dir_all("/run/sshd").map_err(BenchError::io("create", "/run/sshd"))?;
    namespaces(hosts).await?;
    let identity = folder.join("id_ed25519");
    let public = key(&identity).await?;
    files::write(&folder.join("authorized_keys"), &public)?;
    files::write(&folder.join("sshd_config"), &sshd_config())?;
    let mut known = String::new();
    let mut sshds = Vec::new();
    for host in 0..hosts {
        let host_key = folder.join(format!("{}.key", fleet_region::name(host)));
        let public = key(&host_key).await?;
        let _ = writeln!(known, "{} {}", fleet_region::address(host), public.trim());
        sshds.push(sshd(host, &host_key)?);
    }
    let known_hosts = folder.join("known_hosts");
    files::write(&known_hosts, &known)?;
    let network = Network { _sshds: sshds, identity, known_hosts };
    for host in 0..hosts {
        listening(host).await?;
    }
    Ok(network)
}

/// Removes every namespace of a fleet with what runs in it, whoever made it.
pub async fn clean() -> Result<(), BenchError> {
    let mut commands = String::new();
    for namespace in existing() {
        let pids = process::run(&Argv::new("ip").args(["netns", "pids", &namespace])).await?.stdout;
        for pid in pids.split_whitespace() {
            // It may have ended by itself.
            let _ = process::run(&Argv::new("kill").args(["-9", pid])).await;
        }
        let _ = writeln!(commands, "netns delete {namespace}");
    }
    if !commands.is_empty() {
        batch(None, &commands).await?;
    }
    files::remove(&folder())
}

fn folder() -> PathBuf {
    files::output().join("fleet")
}

fn existing() -> Vec<String> {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.split('.').next() == Some(NAMESPACE)).collect()
}

fn namespace(host: usize) -> String {
    format!("{NAMESPACE}.{}", fleet_region::name(host))
}

async fn namespaces(hosts: usize) -> Result<(), BenchError> {
    let mut all = format!("netns add {NAMESPACE}\n");
    let mut hub =
        "link set lo up\nlink add br0 type bridge forward_delay 0\naddress add 10.213.0.1/16 dev br0\nlink set br0 up\n"
            .to_owned();
    for host in 0..hosts {
        let _ = writeln!(all, "netns add {}", namespace(host));
        let _ = writeln!(hub, "link add h{host} type veth peer name eno1 netns {}", namespace(host));
        let _ = writeln!(hub, "link set h{host} master br0 up");
    }
    batch(None, &all).await?;
    batch(Some(NAMESPACE), &hub).await?;
    for host in 0..hosts {
        let address = fleet_region::address(host);
        let own = format!("link set lo up\naddress add {address}/16 dev eno1\nlink set eno1 up\n");
        batch(Some(&namespace(host)), &own).await?;
    }
    Ok(())
}

async fn batch(namespace: Option<&str>, commands: &str) -> Result<(), BenchError> {
    let ip = namespace.map_or_else(|| Argv::new("ip"), |namespace| Argv::new("ip").args(["-n", namespace]));
    let given = Given { stdin: commands, hint: HINT, ..Given::default() };
    process::run_with(&ip.args(["-batch", "-"]), given).await.map(drop)
}

async fn key(path: &Path) -> Result<String, BenchError> {
    let argv =
        Argv::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f"]).arg(path.display().to_string());
    process::run_with(&argv, Given { hint: HINT, ..Given::default() }).await?;
    files::read(&path.with_extension(if path.extension().is_some() { "key.pub" } else { "pub" }))
}

/// Debian's defaults, but for where the keys are, and a home like that of a fresh server's root: what this machine's root has
/// in its `.bashrc` is no part of a server, and must not run two hundred times, to be killed in the middle of its work.
fn sshd_config() -> String {
    let keys = folder().join("authorized_keys");
    let home = folder().join("home");
    format!(
        "Port 22\nUsePAM yes\nKbdInteractiveAuthentication no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n\
         PrintMotd no\nStrictModes no\nPidFile none\nAuthorizedKeysFile {}\nSetEnv HOME={}\nSubsystem sftp /usr/lib/openssh/sftp-server\n",
        keys.display(),
        home.display()
    )
}

fn sshd(host: usize, key: &Path) -> Result<Child, BenchError> {
    // `ip netns exec` and not `nsenter`: it also shows each host its own interfaces below /sys.
    let argv = Argv::new("ip").args(["netns", "exec", &namespace(host), "/usr/sbin/sshd", "-D", "-f"]);
    let argv = argv.arg(folder().join("sshd_config").display().to_string()).arg("-h").arg(key.display().to_string());
    let log = folder().join("sshd.log");
    let log = fs::File::options().create(true).append(true).open(&log).map_err(BenchError::io("open", &log))?;
    let mut command = process::command(&argv);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(log);
    command.spawn().map_err(BenchError::io("start", "/usr/sbin/sshd"))
}

/// Waits until a host's sshd listens.
async fn listening(host: usize) -> Result<(), BenchError> {
    let look = Argv::new("ip").args(["netns", "exec", &namespace(host), "ss", "-Hltn", "sport = :22"]);
    let until = Instant::now() + UP;
    while process::run(&look).await?.stdout.trim().is_empty() {
        if Instant::now() > until {
            let output = files::read(&folder().join("sshd.log")).unwrap_or_default();
            let command = format!("sshd of {}", fleet_region::name(host));
            return Err(BenchError::Program { command, status: "it does not listen".into(), output, hint: HINT.into() });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
