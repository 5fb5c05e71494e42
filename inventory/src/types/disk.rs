//! The data disks of a server.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Device, Name};

/// A data disk of a server. All of it is ours: it must be empty when it is first used, and nothing wipes it unless the
/// operator names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disk {
    /// The disk's name on this server; bricks refer to it.
    pub name: Name,
    /// The block device. Links under `/dev/disk/by-id` stay true after a reboot or a change of cables.
    pub device: Device,
    /// Whether the disk is encrypted (LUKS2, unlocked at boot by the region's other servers).
    #[serde(default = "Disk::default_encrypt")]
    pub encrypt: bool,
    /// What is made on the disk.
    #[serde(default)]
    pub layout: DiskLayout,
    /// The file system, of the disk or of the logical volumes on it.
    #[serde(default)]
    pub filesystem: FileSystem,
}

impl Disk {
    fn default_encrypt() -> bool {
        true
    }
}

/// What is made on a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskLayout {
    /// One file system on all of it, for one brick.
    #[default]
    Plain,
    /// An LVM group named after the disk, for several bricks with a `size` each and for node-local volumes.
    Lvm,
    /// An LVM thin pool, for machines with snapshots.
    LvmThin,
}

/// How many other servers can open a server's encrypted disks, where the region has so many: each is a piece of the disks' headers, which
/// clevis writes and reads as a whole.
pub const MOST_OPENERS: u8 = 8;

/// How encrypted disks are opened at boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encryption {
    /// How many of the other servers must answer before a server opens its disks. With 1 a stolen server that reaches one
    /// other opens its own; with 2 it must reach two, and so must every server after a power cut of the site.
    #[serde(default = "Encryption::default_threshold")]
    #[schemars(range(min = 1, max = 255))]
    pub threshold: u32,
}

impl Encryption {
    fn default_threshold() -> u32 {
        1
    }
}

impl Default for Encryption {
    fn default() -> Self {
        Self { threshold: Self::default_threshold() }
    }
}

/// A file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileSystem {
    /// XFS, with the inode size that Gluster wants.
    #[default]
    Xfs,
    /// ext4.
    Ext4,
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xfs => "xfs",
            Self::Ext4 => "ext4",
        })
    }
}
