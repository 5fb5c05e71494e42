//! The programs of this machine that a lab needs.

use std::path::{Path, PathBuf};

use crate::LabError;
use crate::spec::{HostKind, LabSpec};

/// A program that is missing, and the Debian package that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The program, or a file.
    pub program: &'static str,
    /// The Debian package.
    pub package: &'static str,
}

const ALWAYS: [(&str, &str); 14] = [
    ("systemd-nspawn", "systemd-container"),
    ("mmdebstrap", "mmdebstrap"),
    ("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
    ("nft", "nftables"),
    ("ip", "iproute2"),
    ("sysctl", "procps"),
    ("slirp4netns", "slirp4netns"),
    ("ssh-keygen", "openssh-client"),
    ("losetup", "mount"),
    ("nsenter", "util-linux"),
    ("setsid", "util-linux"),
    ("unshare", "util-linux"),
    ("mkfs.ext4", "e2fsprogs"),
    ("chroot", "coreutils"),
];

const VM: [(&str, &str); 1] = [("qemu-system-x86_64", "qemu-system-x86")];

/// What a lab with these kinds of hosts needs and this machine does not have.
pub fn requirements(kinds: &[HostKind]) -> Vec<Missing> {
    let mut needed: Vec<_> = ALWAYS.to_vec();
    if kinds.contains(&HostKind::Vm) {
        needed.extend(VM);
    }
    needed
        .into_iter()
        .filter(|(program, _)| find(program).is_none())
        .map(|(program, package)| Missing { program, package })
        .collect()
}

/// Fails unless we are root and every program is there.
pub(crate) fn check(spec: &LabSpec) -> Result<(), LabError> {
    root()?;
    let kinds: Vec<_> = spec.hosts.iter().map(|h| h.kind).collect();
    let missing = requirements(&kinds);
    if missing.is_empty() { Ok(()) } else { Err(LabError::Missing(missing)) }
}

/// Fails unless we are root.
pub(crate) fn root() -> Result<(), LabError> {
    if rustix::process::geteuid().is_root() { Ok(()) } else { Err(LabError::NotRoot) }
}

fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|p| p.exists());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|p| Path::is_file(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_and_missing_ones_named_with_packages() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program").is_none());
        let error = LabError::Missing(vec![Missing { program: "nft", package: "nftables" }]).to_string();
        assert!(error.contains("`apt-get install nftables`"), "{error}");
    }
}
