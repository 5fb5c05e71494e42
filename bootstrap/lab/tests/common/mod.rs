//! What the tests on real hosts share.
#![allow(dead_code, missing_docs, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic: that is how it fails")]

use std::collections::BTreeSet;
use std::process::{Command, Output};

use regionctl_lab::{Lab, LabSpec, OnProgress, Progress};
use regionctl_plan::Argv;

/// Prints progress, so that a slow test can be followed with `--nocapture`.
pub const PRINT: OnProgress<'static> = &print;

fn print(progress: Progress) {
    println!("[{}] {}", progress.host.as_deref().unwrap_or("lab"), progress.message);
}

/// Runs a command line on a host and returns what it printed, or how it failed.
pub fn try_ssh(lab: &Lab, host: &str, script: &str) -> Result<String, String> {
    let line = lab.ssh_command(host).unwrap().args(["-o", "ConnectTimeout=5"]).arg(script);
    let output = output(&line);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))) }
}

/// Runs a command line on a host; it must succeed.
pub fn ssh(lab: &Lab, host: &str, script: &str) -> String {
    try_ssh(lab, host, script).unwrap_or_else(|error| panic!("{host}: {script}: {error}"))
}

pub fn output(line: &Argv) -> Output {
    Command::new(&line.words()[0]).args(&line.words()[1..]).output().unwrap()
}

/// Everything on this machine that a lab could leave behind, one line each.
pub fn machine() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let commands: [&[&str]; 7] = [
        &["ip", "-o", "netns"],
        &["ip", "-o", "address"],
        &["ip", "route"],
        &["nft", "list", "tables"],
        &["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"],
        &["sysctl", "net.ipv4.ip_forward", "vm.swappiness", "kernel.hostname"],
        &["find", "/run/netns", "/run/systemd/nspawn", "-mindepth", "1"],
    ];
    for words in commands {
        let line = words.iter().skip(1).fold(Argv::new(words[0]), |argv, word| argv.arg(*word));
        for text in String::from_utf8_lossy(&output(&line).stdout).lines() {
            // Address lifetimes count down.
            let text = text.split(" valid_lft").next().unwrap();
            lines.insert(format!("{}: {text}", words[0]));
        }
    }
    for text in std::fs::read_to_string("/proc/self/mounts").unwrap().lines() {
        lines.insert(format!("mount: {text}"));
    }
    for point in std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
        for group in std::fs::read_dir(point.path()).into_iter().flatten().flatten() {
            let name = group.file_name().into_string().unwrap();
            if name.starts_with("rl-") || name == "payload" || name == "supervisor" {
                lines.insert(format!("cgroup: {}", group.path().display()));
            }
        }
    }
    lines
}

/// What a lab of this name left. Where others work on the same machine (`REGIONCTL_TEST_SHARED=1`), only what names it.
pub fn left_by(lab: &str, before: &BTreeSet<String>) -> Vec<String> {
    let shared = std::env::var_os("REGIONCTL_TEST_SHARED").is_some();
    let names_it = |line: &str| [format!("rl-{lab}"), format!("/lab/{lab}/")].iter().any(|part| line.contains(part));
    machine().difference(before).filter(|line| !shared || names_it(line) || line.contains(HOST_FILE)).cloned().collect()
}

/// The file that a test attaches to a loop device inside a host.
pub const HOST_FILE: &str = "/root/file-of-lab-test";

/// Labs of one test binary come and go one after the other, so that each can look for what it left.
pub async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ALONE.lock().await
}

/// Processes whose command line names the lab.
pub fn processes(lab: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(&format!("rl-{lab}")) || line.contains(&format!("/lab/{lab}/")) {
            found.push(line);
        }
    }
    found
}

pub fn spec(value: &str) -> LabSpec {
    serde_json::from_str(value).unwrap()
}
