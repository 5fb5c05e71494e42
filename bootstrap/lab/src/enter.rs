//! The operator's place: commands that run inside a lab's network.

use std::os::unix::fs::MetadataExt;
use std::process::ExitStatus;

use regionctl_plan::Argv;

use crate::LabError;
use crate::names::{namespace, namespace_path};
use crate::network::{inside, machine_name_servers};
use crate::paths::LabPaths;
use crate::record::names;
use crate::run::command;

/// The words to put before a command so that it runs inside a lab, where the hosts' addresses are.
///
/// Fails when the lab is not up: then there is no network that has these addresses.
pub fn enter_command(lab: &str) -> Result<Argv, LabError> {
    crate::requirements::root()?;
    let namespace = namespace(lab);
    if !crate::mounts::is_mount(&namespace_path(&namespace)) {
        return Err(LabError::NoSuchLab { lab: lab.to_owned(), known: names() });
    }
    let enter = inside(&namespace);
    if machine_name_servers().iter().all(|address| !address.is_loopback()) {
        return Ok(enter);
    }
    // A name server on the loopback interface is another one in there.
    let script = r#"mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@""#;
    Ok(enter
        .args(["unshare", "--mount", "--propagation", "slave", "sh", "-c", script])
        .arg(LabPaths::new(lab).resolv_conf().display().to_string()))
}

/// Whether this process is inside the lab already.
pub fn is_inside(lab: &str) -> bool {
    let there = std::fs::metadata(namespace_path(&namespace(lab)));
    let here = std::fs::metadata("/proc/self/ns/net");
    matches!((here, there), (Ok(here), Ok(there)) if here.ino() == there.ino() && here.dev() == there.dev())
}

/// Runs a command inside a lab, with this process's own input and output.
pub async fn exec(lab: &str, argv: &Argv) -> Result<ExitStatus, LabError> {
    let full = enter_command(lab)?.args(argv.words().iter().cloned());
    let mut command = command(&full);
    command.stdin(std::process::Stdio::inherit()).env("REGIONCTL_LAB", lab);
    command.status().await.map_err(LabError::io("run", argv.to_string()))
}
