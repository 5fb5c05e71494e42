//! Which device holds what.

use regionctl_inventory::{Disk, DiskLayout, Volume};

/// The device on which a disk's file system or physical volume is made.
pub fn device(disk: &Disk) -> String {
    disk.device.to_string()
}

/// The logical volume of a brick, in the group that is named after the disk: it is named after the Gluster volume.
pub fn brick_volume(volume: &Volume) -> &str {
    volume.name.as_str()
}

/// The device of the file system of a volume's brick on a disk.
pub fn brick_device(volume: &Volume, disk: &Disk) -> String {
    match disk.layout {
        DiskLayout::Plain => device(disk),
        _ => format!("/dev/{}/{}", disk.name, brick_volume(volume)),
    }
}
