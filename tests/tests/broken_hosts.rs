//! Whole runs with hosts that are broken in the ways hosts are: each is named with what to do, the others go on, and the
//! next run finishes what was left. What breaks a host here is a mount, so power off and on mends it.
#![allow(clippy::unwrap_used, clippy::panic)]

use regionctl_tests::region::{Failed, LabRegion, want};

const CONNECTION: i32 = 4;
const HOST: i32 = 5;
const INSTALL: [&str; 5] = ["--lab", "install", "--yes", "--layer", "base"];

#[test]
fn broken_hosts() {
    if let Err(failed) = story() {
        panic!("{failed}");
    }
}

fn story() -> Result<(), Failed> {
    let region = LabRegion::up("broken")?;
    not_reached(&region)?;
    not_changed(&region)?;
    region.ok(&["--lab", "plan", "--exit-code", "--layer", "base"])?;
    Ok(())
}

/// Lays `content` over a file until the host restarts.
fn cover(region: &LabRegion, host: &str, file: &str, content: &str) -> Result<(), Failed> {
    let script = format!("touch {file} && cat >/run/cover <<'END'\n{content}END\nmount --bind /run/cover {file}");
    region.on(host, &script).map(drop)
}

fn restart(region: &LabRegion, hosts: &[&str]) -> Result<(), Failed> {
    for host in hosts {
        region.ok(&["lab", "power", host, "off", "--hard"])?;
        region.ok(&["lab", "power", host, "on"])?;
    }
    Ok(())
}

/// What is said of a host, up to the next error.
fn said_of<'a>(all: &'a str, host: &str) -> Result<&'a str, Failed> {
    let start = all.find(&format!("error: {host}")).ok_or_else(|| format!("no error names {host}:\n{all}"))?;
    let said = &all[start..];
    Ok(said[1..].find("error:").map_or(said, |end| &said[..=end]))
}

fn says(all: &str, host: &str, words: &[&str]) -> Result<(), Failed> {
    let said = said_of(all, host)?;
    words.iter().try_for_each(|word| want(said.contains(word), || format!("of {host} nothing says `{word}`:\n{all}")))
}

/// Down, with a key that is refused, with another host key, with a shell that talks.
fn not_reached(region: &LabRegion) -> Result<(), Failed> {
    cover(region, "compute-2", "/root/.ssh/authorized_keys", "")?;
    let other_key = "ssh-keygen -q -t ed25519 -N '' -f /run/other && \
        for key in /etc/ssh/ssh_host_*_key; do mount --bind /run/other $key; mount --bind /run/other.pub $key.pub; done && \
        systemctl restart ssh";
    region.on("storage-1", other_key)?;
    cover(region, "storage-2", "/root/.bashrc", "echo 'Welcome to storage-2!'; echo 'Have a nice day' >&2\n")?;
    region.ok(&["lab", "power", "compute-1", "off", "--hard"])?;

    let said = region.exits(CONNECTION, &INSTALL)?;
    says(&said, "compute-1", &["hint:"])?;
    says(&said, "compute-2", &["refuses every key", "hint:"])?;
    says(&said, "storage-1", &["host key", "hint:"])?;
    want(!said.contains("error: storage-2"), || format!("a shell that talks is in the way:\n{said}"))?;
    region.ok(&["--lab", "plan", "--exit-code", "--layer", "base", "--host", "storage-2"])?;

    region.ok(&["lab", "power", "compute-1", "on"])?;
    restart(region, &["compute-2", "storage-1"])
}

/// With no room for what is written, with a broken apt, with a shell that never answers.
fn not_changed(region: &LabRegion) -> Result<(), Failed> {
    let full = "mkdir -p /var/lib/regionctl && mount -t tmpfs -o size=64k tmpfs /var/lib/regionctl && \
        ! head -c 100k /dev/zero >/var/lib/regionctl/filler 2>/dev/null";
    region.on("compute-1", full)?;
    cover(region, "compute-2", "/etc/apt/sources.list.d/broken.list", "this is no source\n")?;
    cover(region, "storage-2", "/root/.bashrc", "sleep 1000\n")?;

    let said = region.exits(HOST, &INSTALL)?;
    says(&said, "compute-1", &["/var/lib/regionctl: no room is left"])?;
    says(&said, "compute-2", &["package:", "/etc/apt/sources.list.d/broken.list"])?;
    says(&said, "storage-2", &["within 90s", "hint:"])?;
    region.ok(&["--lab", "plan", "--exit-code", "--layer", "base", "--host", "storage-1"])?;

    restart(region, &["compute-1", "compute-2", "storage-2"])?;
    region.on("compute-2", "rm /etc/apt/sources.list.d/broken.list")?;
    region.ok(&INSTALL).map(drop)
}
