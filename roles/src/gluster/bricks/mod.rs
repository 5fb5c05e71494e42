//! File systems for the bricks, mounted, with a folder in each.

use std::collections::BTreeSet;

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::{BrickPlace, BrickSource, Volume};
use regionctl_plan::{Resource, sha256};

use super::places::{GLUSTERD, bricks_on};
use crate::disks::{brick_device, is_encrypted};
use crate::{Host, Wanted};

const LATE: &str = "/etc/systemd/system/regionctl-brick@.service";
const RULES: &str = "/etc/udev/rules.d/90-regionctl-bricks.rules";

/// systemd gives a mount 90 s and tries it once, and after a power cut a large file system reads its log first.
const MOUNT_PATIENCE: &str = "x-systemd.mount-timeout=10min";

/// The longest label that XFS takes.
const LABEL_CHARS: usize = 12;

/// Nothing here waits for another host.
pub fn wants(host: &Host<'_>) -> Wanted {
    let bricks = bricks_on(host);
    if bricks.is_empty() {
        return Wanted::new();
    }
    let resources = bricks.iter().flat_map(|(volume, place)| brick(host, volume, place));
    Wanted::new().packages_of(host, "gluster/bricks").then_all(late(host, &bricks)).then_all(resources)
}

/// What serves the bricks of disks that show up, or are opened, long after the boot. A container gets no events of devices.
fn late(host: &Host<'_>, bricks: &[(&Volume, BrickPlace<'_>)]) -> Vec<Resource> {
    let rule = |place: &BrickPlace<'_>| {
        let label = label(place);
        let unit = format!("regionctl-brick@{}.service", name(place));
        format!("SUBSYSTEM==\"block\", ENV{{ID_FS_LABEL}}==\"{label}\", TAG+=\"systemd\", ENV{{SYSTEMD_WANTS}}+=\"{unit}\"\n")
    };
    let on_disk = |place: &BrickPlace<'_>| matches!(place.source, BrickSource::Disk { .. });
    let rules: BTreeSet<_> = bricks.iter().map(|(_, place)| place).filter(|place| on_disk(place)).map(rule).collect();
    if rules.is_empty() || host.shares_kernel() {
        return Vec::new();
    }
    let rules = rules.into_iter().fold("# Written by regionctl.\n".to_owned(), |all, rule| all + &rule);
    vec![want::file(LATE, include_str!("late.service")), want::directory("/etc/udev/rules.d"), want::file(RULES, rules)]
}

fn name<'a>(place: &'a BrickPlace<'_>) -> &'a str {
    place.mount_point.rsplit('/').next().unwrap_or_default()
}

fn brick(host: &Host<'_>, volume: &Volume, place: &BrickPlace<'_>) -> Vec<Resource> {
    let label = label(place);
    let sort = place.filesystem.to_string();
    // A missing disk does not stop the boot; with the disk, glusterd starts after the mount and finds its brick. One that is
    // encrypted is there when the network is, and another server has answered.
    let (network, patience) = if encrypted(host, place) { ("_netdev,", "120s") } else { ("", "30s") };
    let options =
        format!("noatime,nofail,{network}x-systemd.device-timeout={patience},{MOUNT_PATIENCE},x-systemd.before={GLUSTERD}");
    let mut all = Vec::new();
    let mount = match &place.source {
        BrickSource::Disk { disk, .. } => {
            let device = brick_device(host, volume, disk);
            all.push(want::filesystem(&device, &sort, &label));
            // A container sees the disks of its neighbours too, who may have the same labels.
            let source = if host.shares_kernel() { device } else { format!("LABEL={label}") };
            want::mount(&place.mount_point, &source, &sort, &options)
        }
        BrickSource::Loop { file, size } => {
            all.push(want::loop_file(file, size.bytes()));
            all.push(want::filesystem(file, &sort, &label));
            want::mount(&place.mount_point, file, &sort, &format!("loop,{options}"))
        }
    };
    all.push(mount.immutable());
    all.push(want::gluster_brick(&place.path));
    all
}

fn encrypted(host: &Host<'_>, place: &BrickPlace<'_>) -> bool {
    matches!(place.source, BrickSource::Disk { disk, .. } if is_encrypted(host, disk))
}

/// Begins with the mount point's name, and is another on every server: a disk that is put into another server, or seen by
/// two, is not taken for the one that belongs there.
pub fn label(place: &BrickPlace<'_>) -> String {
    let name = name(place);
    let hash = sha256(format!("{}/{name}", place.server.name).as_bytes());
    let begin: String = name.chars().take(LABEL_CHARS - 6).collect();
    format!("{begin}-{}", &hash[..5])
}
