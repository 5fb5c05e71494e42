//! The replicated file systems.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Disk, FileSystem, Region, Server, ServerRole};
use crate::values::{FolderPath, Name, Size};

/// GlusterFS: the volumes, the bricks they are made of, and where they are mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gluster {
    /// The volumes.
    pub volumes: Vec<Volume>,
}

/// A replicated volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// The volume's name.
    pub name: Name,
    /// How each file is kept.
    #[serde(default)]
    pub layout: VolumeLayout,
    /// The bricks, in sets of three: the first three hold one part of the files, the next three another. The three of a
    /// set are on three servers.
    #[schemars(length(min = 1))]
    pub bricks: Vec<Brick>,
    /// Options of the volume, as `gluster volume set` has them. They are added to what regionctl sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Where the volume is mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
}

/// How each file of a volume is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeLayout {
    /// Three full copies.
    #[default]
    #[serde(rename = "replica-3")]
    Replica3,
    /// Two full copies, and a third brick that holds names and metadata only and settles which copy is right.
    Arbiter,
}

/// One brick of a volume: a folder on a disk of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Brick {
    /// The server that holds it.
    pub server: Name,
    /// The disk of that server, by its name there. Either this or `loop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Name>,
    /// A file on the server's root file system instead of a disk: for arbiters and for trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#loop: Option<LoopBrick>,
    /// The size of the brick's logical volume, on a disk with the layout `lvm`. Left out, all of the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Whether this is the arbiter of its set; with the layout `arbiter` one of each three is.
    #[serde(default)]
    pub arbiter: bool,
}

/// A brick in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoopBrick {
    /// The size of the file.
    pub size: Size,
}

/// Where a volume is mounted. Servers named and servers with one of the roles count together; with neither, all servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mount {
    /// The mount point.
    pub path: FolderPath,
    /// Servers, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Name>,
    /// Servers, by role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<ServerRole>,
}

impl Mount {
    /// The servers that mount it, in the order of the document.
    pub fn targets<'a>(&self, region: &'a Region) -> Vec<&'a Server> {
        let all = self.servers.is_empty() && self.roles.is_empty();
        let named: BTreeSet<_> = self.servers.iter().collect();
        let wanted = |server: &&Server| all || named.contains(&server.name) || self.roles.iter().any(|role| server.is(*role));
        region.servers().iter().filter(wanted).collect()
    }

    /// The servers that it names, where these are all its [targets](Mount::targets): nobody has to look at the others.
    pub(crate) fn only_on(&self) -> Option<&[Name]> {
        (self.roles.is_empty() && !self.servers.is_empty()).then_some(&self.servers)
    }
}

impl Region {
    /// Every brick, with its volume.
    pub fn bricks(&self) -> impl Iterator<Item = (&Volume, BrickPlace<'_>)> {
        self.volumes().iter().flat_map(|volume| volume.brick_places(self).into_iter().map(move |place| (volume, place)))
    }

    /// The bricks on a disk of a server, with their volumes.
    pub fn bricks_on_disk<'a>(
        &'a self,
        server: &'a Server,
        disk: &'a Disk,
    ) -> impl Iterator<Item = (&'a Volume, BrickPlace<'a>)> {
        let is_on = |source: &BrickSource<'_>| matches!(source, BrickSource::Disk { disk: of, .. } if of.name == disk.name);
        self.bricks().filter(move |(_, place)| place.server.name == server.name && is_on(&place.source))
    }
}

/// Three bricks that hold the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrickSet<'a> {
    /// The bricks in the order that `gluster volume create` wants them: an arbiter comes last.
    pub bricks: Vec<BrickPlace<'a>>,
}

/// Where a brick is, with every name resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrickPlace<'a> {
    /// The server that holds it.
    pub server: &'a Server,
    /// Whether it is the arbiter of its set.
    pub arbiter: bool,
    /// What its file system is made on.
    pub source: BrickSource<'a>,
    /// Its file system.
    pub filesystem: FileSystem,
    /// Where the file system is mounted.
    pub mount_point: String,
    /// The brick's folder, below the mount point: Gluster refuses to start a brick when it is missing, so a file system
    /// that is not mounted is noticed and not written under.
    pub path: String,
}

/// What a brick's file system is made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrickSource<'a> {
    /// A disk, or a logical volume on it when `size` is given or the disk's layout is LVM.
    Disk {
        /// The disk.
        disk: &'a Disk,
        /// The size of the logical volume; all of the disk when left out.
        size: Option<Size>,
    },
    /// A file on the root file system.
    Loop {
        /// The file's path.
        file: String,
        /// The file's size.
        size: Size,
    },
}

impl Volume {
    /// The bricks, resolved and in sets of three. What does not resolve is left out; after [`crate::parse`] all resolve.
    pub fn brick_sets<'a>(&'a self, region: &'a Region) -> Vec<BrickSet<'a>> {
        let set = |bricks: &'a [Brick]| {
            let mut bricks: Vec<_> = bricks.iter().filter_map(|brick| self.place(brick, region)).collect();
            bricks.sort_by_key(|brick| brick.arbiter);
            BrickSet { bricks }
        };
        self.bricks.chunks(3).map(set).collect()
    }

    /// All bricks, resolved, in the order that `gluster volume create` wants them.
    pub fn brick_places<'a>(&'a self, region: &'a Region) -> Vec<BrickPlace<'a>> {
        self.brick_sets(region).into_iter().flat_map(|set| set.bricks).collect()
    }

    fn place<'a>(&'a self, brick: &'a Brick, region: &'a Region) -> Option<BrickPlace<'a>> {
        let server = region.server(brick.server.as_str())?;
        let (source, filesystem, mount_name) = match (&brick.disk, &brick.r#loop) {
            (Some(name), None) => {
                let disk = server.disk(name.as_str())?;
                // Several bricks can share a disk with LVM, one of each volume.
                let mount_name = match disk.layout {
                    super::DiskLayout::Plain => disk.name.to_string(),
                    _ => format!("{}-{}", disk.name, self.name),
                };
                (BrickSource::Disk { disk, size: brick.size }, disk.filesystem, mount_name)
            }
            (None, Some(LoopBrick { size })) => {
                let file = format!("/var/lib/regionctl/bricks/{}.img", self.name);
                (BrickSource::Loop { file, size: *size }, FileSystem::Xfs, format!("loop-{}", self.name))
            }
            _ => return None,
        };
        let mount_point = format!("/srv/bricks/{mount_name}");
        let path = format!("{mount_point}/{}", self.name);
        Some(BrickPlace { server, arbiter: brick.arbiter, source, filesystem, mount_point, path })
    }
}
