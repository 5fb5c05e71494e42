//! LVM: a group on each disk that is to have one, with the volumes of its bricks, or a thin pool.

use regionctl_engine::want;
use regionctl_inventory::{BrickSource, Disk, DiskLayout};
use regionctl_plan::Resource;

use super::places::{brick_volume, device};
use crate::{Host, Wanted};

/// The thin pool of a disk with the layout `lvm-thin`.
pub const POOL: &str = "pool";

/// Nothing here waits for another host.
pub fn wants(host: &Host<'_>) -> Wanted {
    let disks: Vec<_> = host.server.disks.iter().filter(|disk| disk.layout != DiskLayout::Plain).collect();
    if disks.is_empty() {
        return Wanted::new();
    }
    let resources = disks.into_iter().flat_map(|disk| made_on(host, disk));
    Wanted::new().packages_of(host, "disks/lvm").then_all(resources)
}

fn made_on(host: &Host<'_>, disk: &Disk) -> Vec<Resource> {
    let group = disk.name.as_str();
    let mut all = vec![want::lvm_group(group, [device(host, disk).as_str()])];
    if disk.layout == DiskLayout::LvmThin {
        all.push(want::lvm_thin_pool(group, POOL, "100%"));
        return all;
    }
    // Without a size, all of the disk.
    all.extend(host.region.bricks_on_disk(host.server, disk).map(|(volume, place)| match place.source {
        BrickSource::Disk { size: Some(size), .. } => want::lvm_volume(group, brick_volume(volume), size.bytes()),
        _ => want::lvm_volume(group, brick_volume(volume), "100%"),
    }));
    all
}
