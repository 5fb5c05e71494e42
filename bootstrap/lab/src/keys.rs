//! The lab's own SSH key, and the hosts' keys, known before the first connection.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use regionctl_plan::Argv;

use crate::LabError;
use crate::image::create_dir;
use crate::paths::LabPaths;
use crate::record::write_atomically;
use crate::run::run;
use crate::spec::LabSpec;

/// The kinds of host keys that a host gets: those that OpenSSH prefers.
pub(crate) const HOST_KEYS: [&str; 2] = ["ed25519", "ecdsa"];

/// Makes the lab's key pair unless it is there, and returns the public key.
pub(crate) async fn ensure_lab_key(lab: &str, paths: &LabPaths) -> Result<String, LabError> {
    let path = paths.key();
    generate(&path, "ed25519", &format!("regionctl-lab-{lab}")).await?;
    read(&path.with_extension("pub"))
}

/// Makes the keys of a host in a folder unless they are there.
pub(crate) async fn ensure_host_keys(host: &str, folder: &Path) -> Result<(), LabError> {
    create_dir(folder)?;
    for kind in HOST_KEYS {
        generate(&folder.join(format!("ssh_host_{kind}_key")), kind, &format!("root@{host}")).await?;
    }
    Ok(())
}

async fn generate(path: &Path, kind: &str, comment: &str) -> Result<(), LabError> {
    if path.with_extension("pub").exists() {
        return Ok(());
    }
    // Half a pair is what a killed run leaves.
    let _ = fs::remove_file(path);
    let file = path.display().to_string();
    run(&Argv::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-C", comment, "-f"]).arg(file)).await.map(drop)
}

/// Writes the `known_hosts` of all hosts, by name and by both addresses.
pub(crate) fn write_known_hosts(spec: &LabSpec, paths: &LabPaths) -> Result<(), LabError> {
    let mut text = String::new();
    for host in &spec.hosts {
        let mut names = vec![host.name.clone(), host.public_address.to_string()];
        names.extend(host.vrack_address.map(|a| a.to_string()));
        if host.ssh_port != 22 {
            names = names.into_iter().map(|name| format!("[{name}]:{}", host.ssh_port)).collect();
        }
        for kind in HOST_KEYS {
            let key = read(&paths.host(&host.name).identity().join(format!("ssh_host_{kind}_key.pub")))?;
            let mut words = key.split_whitespace();
            if let (Some(algorithm), Some(key)) = (words.next(), words.next()) {
                let _ = writeln!(text, "{} {algorithm} {key}", names.join(","));
            }
        }
    }
    write_atomically(&paths.known_hosts(), text.as_bytes())
}

fn read(path: &Path) -> Result<String, LabError> {
    Ok(fs::read_to_string(path).map_err(LabError::io("read", path))?.trim().to_owned())
}
