//! The shape of a release.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A release: names, versions and digests of everything that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its name, such as `2026.11`.
    pub name: String,
    /// The Debian versions that a server may run.
    pub debian: Vec<Debian>,
    /// Debian packages by the role that installs them, such as `base/time`.
    pub packages: BTreeMap<String, Vec<Package>>,
    /// Beginnings of the names of packages that only regionctl upgrades.
    pub held: Vec<String>,
    /// One patch version for each minor version of Kubernetes, newest first.
    pub kubernetes: Vec<KubernetesRelease>,
    /// Files that are downloaded.
    pub artifacts: Vec<Artifact>,
}

/// A version of Debian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debian {
    /// Its number, such as 13.
    pub version: u32,
    /// Its name in the archive, such as `trixie`.
    pub codename: String,
}

/// A Debian package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub why: String,
    /// The version to install, by Debian version. Where it is left out, what Debian has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<u32, String>,
}

impl Package {
    /// The version to install on a Debian version; `None`: what Debian has.
    pub fn version(&self, debian: u32) -> Option<&str> {
        self.versions.get(&debian).map(String::as_str)
    }
}

/// A version of Kubernetes and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubernetesRelease {
    /// The full version, such as `1.36.4`.
    pub version: String,
    /// The version of crictl that goes with it.
    pub crictl: String,
}

/// A file that is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its name, such as `kubeadm`.
    pub name: String,
    /// Its version, without a leading `v`.
    pub version: String,
    /// dpkg's name of the architecture, or `any`.
    pub arch: String,
    /// Where it is published.
    pub url: String,
    /// SHA-256 of the file as published, in hexadecimal.
    pub sha256: String,
}

impl Release {
    /// The Debian version of that number.
    pub fn debian(&self, version: u32) -> Option<&Debian> {
        self.debian.iter().find(|debian| debian.version == version)
    }

    /// The packages of a role; none where the role has none.
    pub fn packages(&self, role: &str) -> &[Package] {
        self.packages.get(role).map_or(&[], Vec::as_slice)
    }

    /// The patch version of a minor version of Kubernetes, the 36 of 1.36.
    pub fn kubernetes(&self, minor: u16) -> Option<&KubernetesRelease> {
        let beginning = format!("1.{minor}.");
        self.kubernetes.iter().find(|kubernetes| kubernetes.version.starts_with(&beginning))
    }

    /// A file by name, version and architecture.
    pub fn artifact(&self, name: &str, version: &str, arch: &str) -> Option<&Artifact> {
        let same = |artifact: &&Artifact| artifact.name == name && artifact.version == version;
        self.artifacts.iter().filter(same).find(|artifact| artifact.arch == arch || artifact.arch == "any")
    }
}
