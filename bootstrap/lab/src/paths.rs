//! Where the lab keeps its files.

use std::ffi::OsString;
use std::path::PathBuf;

fn base(variable: &str, below_home: &str) -> PathBuf {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|p| p.is_absolute());
    if let Some(path) = std::env::var_os(variable).and_then(absolute) {
        return path;
    }
    let home = std::env::var_os("HOME").and_then(absolute).unwrap_or_else(|| PathBuf::from("/root"));
    home.join(below_home)
}

/// The folder of all labs: `$XDG_STATE_HOME/regionctl/lab`.
pub(crate) fn labs() -> PathBuf {
    base("XDG_STATE_HOME", ".local/state").join("regionctl/lab")
}

/// The folder of the cached images: `$XDG_CACHE_HOME/regionctl/lab`.
pub(crate) fn images() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("regionctl/lab")
}

/// The files of one lab.
#[derive(Debug, Clone)]
pub(crate) struct LabPaths {
    /// The lab's folder.
    pub(crate) root: PathBuf,
}

impl LabPaths {
    pub(crate) fn new(lab: &str) -> Self {
        Self { root: labs().join(lab) }
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.root.join("lab.json")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.root.join("id_ed25519")
    }

    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.root.join("known_hosts")
    }

    pub(crate) fn resolv_conf(&self) -> PathBuf {
        self.root.join("resolv.conf")
    }

    pub(crate) fn uplink_log(&self) -> PathBuf {
        self.root.join("uplink.log")
    }

    pub(crate) fn host(&self, host: &str) -> HostPaths {
        HostPaths { root: self.root.join("hosts").join(host) }
    }
}

/// The files of one host of a lab.
#[derive(Debug, Clone)]
pub(crate) struct HostPaths {
    /// The host's folder.
    pub(crate) root: PathBuf,
}

impl HostPaths {
    /// What the host changed of its image.
    pub(crate) fn upper(&self) -> PathBuf {
        self.root.join("upper")
    }

    /// The overlay's own scratch folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Where the host's root is mounted, in its own mount namespace only.
    pub(crate) fn mount(&self) -> PathBuf {
        self.root.join("root")
    }

    /// Files that make the host itself, not another: host keys, addresses.
    pub(crate) fn identity(&self) -> PathBuf {
        self.root.join("identity")
    }

    /// There once the host's system was made, and is the host's own since.
    pub(crate) fn prepared(&self) -> PathBuf {
        self.root.join("prepared")
    }

    /// The script that boots the host.
    pub(crate) fn boot(&self) -> PathBuf {
        self.root.join("boot.sh")
    }

    pub(crate) fn console(&self) -> PathBuf {
        self.root.join("console.log")
    }

    /// The file behind a disk.
    pub(crate) fn disk(&self, device: &str) -> PathBuf {
        let name = device.trim_start_matches("/dev/").replace('/', "-");
        self.root.join("disks").join(name)
    }

    /// The pipes of a VM's monitor: `.in` and `.out` are added.
    pub(crate) fn monitor(&self) -> PathBuf {
        self.root.join("monitor")
    }

    /// The system disk of a VM.
    pub(crate) fn system(&self) -> PathBuf {
        self.root.join("system.img")
    }
}
