//! What an image is made of. The digest of this text names the cached image.

use std::fmt::Write as _;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::paths::images;
use crate::spec::{Debian, HostKind};

/// What a freshly rented Debian server has at least.
const PACKAGES: [&str; 21] = [
    "apt",
    "ca-certificates",
    "dbus",
    "e2fsprogs",
    "fdisk",
    "ifupdown",
    "iproute2",
    "iputils-ping",
    "kmod",
    "less",
    "libpam-systemd",
    "login",
    "mount",
    "openssh-server",
    "passwd",
    "procps",
    "sudo",
    "systemd",
    "systemd-sysv",
    "udev",
    "util-linux",
];

/// What a machine with its own kernel needs besides.
const VM_PACKAGES: [&str; 2] = ["initramfs-tools", "linux-image-cloud-amd64"];

/// Raised when the way an image is finished changes.
const VERSION: u32 = 2;

/// The same for what only VMs have: the others need no new build for it.
const VM_VERSION: u32 = 2;

/// The label of a VM's root file system. The kernel may name its disks in any order.
pub(crate) const SYSTEM_LABEL: &str = "lab-system";

/// Where the machine's own certificates are: a mirror or registry behind a company proxy needs them.
pub(crate) const LOCAL_CERTIFICATES: &str = "/usr/local/share/ca-certificates";

/// The recipe of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) debian: Debian,
    pub(crate) kind: HostKind,
    pub(crate) packages: Vec<String>,
    pub(crate) mirror: String,
    pub(crate) security_mirror: String,
    /// The machine's own certificates: file name and content.
    pub(crate) certificates: Vec<(String, Vec<u8>)>,
}

impl Recipe {
    pub(crate) fn new(debian: Debian, kind: HostKind, extra: &[String]) -> Self {
        let mut packages: Vec<String> = PACKAGES.iter().map(ToString::to_string).collect();
        if kind == HostKind::Vm {
            packages.extend(VM_PACKAGES.iter().map(ToString::to_string));
        }
        packages.extend(extra.iter().cloned());
        packages.sort();
        packages.dedup();
        let variable = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        Self {
            debian,
            kind,
            packages,
            mirror: variable("REGIONCTL_LAB_MIRROR", "http://deb.debian.org/debian"),
            security_mirror: variable("REGIONCTL_LAB_SECURITY_MIRROR", "http://deb.debian.org/debian-security"),
            certificates: local_certificates(),
        }
    }

    /// The apt sources of the image, as on a Debian server: deb822.
    pub(crate) fn sources(&self) -> String {
        let suite = self.debian.suite();
        let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let mut text = String::new();
        for (uri, suites) in
            [(&self.mirror, format!("{suite} {suite}-updates")), (&self.security_mirror, format!("{suite}-security"))]
        {
            let _ = writeln!(text, "Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\nSigned-By: {key}\n");
        }
        text
    }

    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{VERSION} {:?} {:?}\n{}", self.kind, self.packages, self.sources()));
        if self.kind == HostKind::Vm {
            hash.update(format!("{VM_VERSION}"));
        }
        for file in FILES {
            hash.update(format!("{file:?}"));
        }
        for (name, content) in &self.certificates {
            hash.update(name);
            hash.update(content);
        }
        hash.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The folder of the cached image.
    pub(crate) fn folder(&self) -> PathBuf {
        let kind = match self.kind {
            HostKind::Container => "",
            HostKind::Vm => "-vm",
        };
        images().join(format!("debian-{}{kind}-{}", u8::from(self.debian), self.digest()))
    }
}

fn local_certificates() -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(LOCAL_CERTIFICATES) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| name.ends_with(".crt"))?;
            Some((name, std::fs::read(entry.path()).ok()?))
        })
        .collect();
    found.sort();
    found
}

/// A file of the lab in a container host's image, outside of /etc so that the product meets an /etc as on a real server.
#[derive(Debug)]
pub(crate) struct ImageFile {
    pub(crate) path: &'static str,
    pub(crate) content: &'static str,
}

/// What makes a container behave like a server where it shares the machine's kernel, and the same at every hour.
pub(crate) const FILES: &[ImageFile] = &[
    ImageFile {
        path: "usr/lib/systemd/system/chrony.service.d/50-regionctl-lab.conf",
        content: include_str!("files/chrony.conf"),
    },
    ImageFile {
        path: "usr/lib/systemd/system/apt-daily.service.d/50-regionctl-lab.conf",
        content: include_str!("files/apt-daily.conf"),
    },
    ImageFile {
        path: "usr/lib/systemd/system/apt-daily-upgrade.service.d/50-regionctl-lab.conf",
        content: include_str!("files/apt-daily.conf"),
    },
    ImageFile { path: "usr/lib/systemd/system/regionctl-lab-loop.service", content: include_str!("files/loop.service") },
    ImageFile {
        path: "usr/lib/systemd/system/sysinit.target.d/50-regionctl-lab.conf",
        content: "[Unit]\nWants=regionctl-lab-loop.service\n",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipe_has_its_own_folder() {
        let base = Recipe::new(Debian::Trixie, HostKind::Container, &[]);
        assert_eq!(base.folder(), Recipe::new(Debian::Trixie, HostKind::Container, &[]).folder());
        let python = Recipe::new(Debian::Trixie, HostKind::Container, &["python3-minimal".into()]);
        let vm = Recipe::new(Debian::Trixie, HostKind::Vm, &[]);
        let old = Recipe::new(Debian::Bookworm, HostKind::Container, &[]);
        let folders = [&base, &python, &vm, &old].map(Recipe::folder);
        for (i, folder) in folders.iter().enumerate() {
            assert!(!folders[..i].contains(folder));
        }
        assert!(old.folder().to_string_lossy().contains("debian-12-"));
        assert!(base.sources().contains("trixie-security"));
    }
}
