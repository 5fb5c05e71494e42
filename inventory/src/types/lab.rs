//! How the region is rehearsed on one machine.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Name, Size};

/// How `regionctl lab` plays the region's servers on one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lab {
    /// What the servers run, unless a server says otherwise.
    pub image: LabImage,
    /// What plays a server, unless a server says otherwise.
    pub kind: LabKind,
    /// The memory of a server played by a virtual machine.
    pub memory: Size,
    /// The virtual processors of a server played by a virtual machine.
    #[schemars(range(min = 1, max = 256))]
    pub cpus: u16,
    /// The size of a data disk: a sparse file on the machine.
    pub disk_size: Size,
    /// What differs for single servers, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, LabServer>,
}

impl Default for Lab {
    fn default() -> Self {
        Self {
            image: LabImage::Debian13,
            kind: LabKind::Container,
            memory: Size::gib(1),
            cpus: 1,
            disk_size: Size::gib(4),
            servers: BTreeMap::new(),
        }
    }
}

impl Lab {
    /// The image that plays a server.
    pub fn image_of(&self, server: &str) -> LabImage {
        self.servers.get(server).and_then(|own| own.image).unwrap_or(self.image)
    }

    /// What plays a server.
    pub fn kind_of(&self, server: &str) -> LabKind {
        self.servers.get(server).and_then(|own| own.kind).unwrap_or(self.kind)
    }

    /// The memory of a server played by a virtual machine.
    pub fn memory_of(&self, server: &str) -> Size {
        self.servers.get(server).and_then(|own| own.memory).unwrap_or(self.memory)
    }

    /// The virtual processors of a server played by a virtual machine.
    pub fn cpus_of(&self, server: &str) -> u16 {
        self.servers.get(server).and_then(|own| own.cpus).unwrap_or(self.cpus)
    }

    /// The size of a data disk of a server.
    pub fn disk_size_of(&self, server: &str, disk: &Name) -> Size {
        let own = self.servers.get(server).and_then(|own| own.disk_sizes.get(disk.as_str()));
        own.copied().unwrap_or(self.disk_size)
    }
}

/// What differs for one server of the lab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LabServer {
    /// What it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<LabImage>,
    /// What plays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<LabKind>,
    /// Its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// Its virtual processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub cpus: Option<u16>,
    /// The sizes of its data disks, by the disk's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disk_sizes: BTreeMap<String, Size>,
}

/// What a server of the lab runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LabImage {
    /// Debian 12 (bookworm).
    #[serde(rename = "debian-12")]
    Debian12,
    /// Debian 13 (trixie).
    #[default]
    #[serde(rename = "debian-13")]
    Debian13,
}

impl LabImage {
    /// Debian's name for the release, as in its archive.
    pub fn suite(self) -> &'static str {
        match self {
            Self::Debian12 => "bookworm",
            Self::Debian13 => "trixie",
        }
    }
}

impl fmt::Display for LabImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debian12 => "debian-12",
            Self::Debian13 => "debian-13",
        })
    }
}

/// What plays a server of the lab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LabKind {
    /// A container with its own systemd; it shares the machine's kernel.
    #[default]
    Container,
    /// A QEMU machine with its own kernel.
    Vm,
}
