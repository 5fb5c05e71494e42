//! The operating system and its state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{flag, maybe, number, push, text};

/// The operating system and its state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct System {
    /// `ID` of /etc/os-release.
    pub id: String,
    /// `VERSION_ID` of /etc/os-release, such as `13`; empty on Debian testing.
    pub version: String,
    /// `VERSION_CODENAME`, such as `trixie`.
    pub codename: String,
    /// dpkg's architecture.
    pub arch: String,
    /// `uname -r`.
    pub kernel: String,
    /// What `systemd-detect-virt` says.
    pub virtualization: String,
    /// True if `systemd-detect-virt --container` says so: the kernel is another machine's.
    pub container: bool,
    /// The command name of process 1.
    pub pid1: String,
    /// What `systemctl is-system-running` says.
    pub state: String,
    /// Units that failed.
    pub failed_units: Vec<String>,
    /// The user's id under which the script ran.
    pub uid: Option<u32>,
    /// What /bin/sh is.
    pub shell: String,
    /// True if that shell does the arithmetic and expansions that our scripts use.
    pub shell_posix: bool,
    /// Commands that were not found.
    pub missing_tools: Vec<String>,
    /// True if there is a `ping`.
    pub ping: bool,
    /// Mount options of `/`.
    pub root_options: String,
    /// True if a temporary folder can be made.
    pub tmp_writable: bool,
    /// True if /var/lib/regionctl, or the nearest folder above it, can be written.
    pub state_writable: bool,
    /// File systems, by path: `/`, `/var`; `/boot`, `/var/lib/regionctl` and the bricks where they are of their own.
    pub filesystems: BTreeMap<String, FileSystemUse>,
    /// The hard limit of open files; `None` for no limit.
    pub open_files: Option<u64>,
    /// True if the locale C.UTF-8 exists.
    pub utf8: bool,
    /// /sys/fs/selinux/enforce, if there is SELinux: `1` means enforcing.
    pub selinux: String,
    /// True if an upgrade asked for a reboot.
    pub reboot_required: bool,
    /// What `sshd -t` complains about.
    pub sshd_error: String,
}

/// How full a file system is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSystemUse {
    /// In KiB.
    pub size_kib: u64,
    /// What a process may still write, in KiB.
    pub free_kib: u64,
    /// In KiB.
    pub used_kib: u64,
    /// How many inodes it can have; 0 if it does not count them.
    pub inodes: u64,
    /// How many are left.
    pub inodes_free: u64,
}

impl System {
    /// The major version of the operating system.
    pub fn major(&self) -> Option<u32> {
        self.version.split('.').next()?.parse().ok()
    }

    pub(super) fn take(&mut self, path: &str, field: &str, value: &str) -> bool {
        if !path.is_empty() {
            return self.filesystems.entry(path.to_owned()).or_default().take(field, value);
        }
        match field {
            "id" => text(&mut self.id, value),
            "version" => text(&mut self.version, value),
            "codename" => text(&mut self.codename, value),
            "arch" => text(&mut self.arch, value),
            "kernel" => text(&mut self.kernel, value),
            "virtualization" => text(&mut self.virtualization, value),
            "container" => flag(&mut self.container, value),
            "pid1" => text(&mut self.pid1, value),
            "state" => text(&mut self.state, value),
            "failed-unit" => push(&mut self.failed_units, value),
            "uid" => maybe(&mut self.uid, value),
            "shell" => text(&mut self.shell, value),
            "shell-posix" => flag(&mut self.shell_posix, value),
            "missing-tool" => push(&mut self.missing_tools, value),
            "ping" => flag(&mut self.ping, value),
            "root-options" => text(&mut self.root_options, value),
            "tmp-writable" => flag(&mut self.tmp_writable, value),
            "state-writable" => flag(&mut self.state_writable, value),
            "open-files" => value == "unlimited" || maybe(&mut self.open_files, value),
            "utf8" => flag(&mut self.utf8, value),
            "selinux" => text(&mut self.selinux, value),
            "reboot-required" => flag(&mut self.reboot_required, value),
            "sshd-error" => text(&mut self.sshd_error, value),
            _ => false,
        }
    }
}

impl FileSystemUse {
    fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "size" => number(&mut self.size_kib, value),
            "free" => number(&mut self.free_kib, value),
            "used" => number(&mut self.used_kib, value),
            // A file system without a fixed number of inodes says `-`.
            "inodes" => value == "-" || number(&mut self.inodes, value),
            "inodes-free" => value == "-" || number(&mut self.inodes_free, value),
            _ => false,
        }
    }
}
