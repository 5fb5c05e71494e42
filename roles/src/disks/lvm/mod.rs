//! LVM: a group on each disk that is to have one, with the volumes of its bricks, or a thin pool.

use regionctl_engine::want;
use regionctl_inventory::{BrickSource, Disk, DiskLayout, Size};
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
    all.extend(bricks_on(host, disk).into_iter().map(|(volume, size)| match size {
        Some(size) => want::lvm_volume(group, volume, size.bytes()),
        None => want::lvm_volume(group, volume, "100%"),
    }));
    all
}

/// The volumes with a brick on a disk, and the size of each brick; `None`: all of it.
fn bricks_on<'a>(host: &Host<'a>, on: &Disk) -> Vec<(&'a str, Option<Size>)> {
    let places = host
        .region
        .volumes()
        .iter()
        .flat_map(|volume| volume.brick_places(host.region).into_iter().map(move |place| (volume, place)));
    let here = places.filter(|(_, place)| place.server.name == *host.name());
    here.filter_map(|(volume, place)| match place.source {
        BrickSource::Disk { disk, size } if disk.name == on.name => Some((brick_volume(volume), size)),
        _ => None,
    })
    .collect()
}
