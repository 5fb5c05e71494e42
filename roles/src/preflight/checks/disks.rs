//! The disks of the inventory.

use regionctl_inventory::{BrickSource, Disk as Wanted, DiskLayout, Size};

use super::super::Disk;
use super::super::check::Said;
use super::super::host::{Host, Hosts};
use crate::disks::mapper;
use crate::gluster::bricks::label;

/// A disk that comes back with its server's system newly installed is known by the label of its brick, although the ledger is
/// gone.
fn has_our_label(host: &Host<'_>, wanted: &Wanted, disk: &Disk) -> bool {
    host.region.bricks_on_disk(host.server, wanted).any(|(_, place)| label(&place) == disk.label)
}

/// A disk of the inventory and what the host says of it. One that is not there is told by [`present`] alone.
fn disks<'a>(host: &Host<'a>) -> Vec<(&'a Wanted, &'a Disk)> {
    let disk = |wanted: &'a Wanted| Some((wanted, host.probe.disks.get(wanted.device.as_str())?));
    host.server.disks.iter().filter_map(disk).filter(|(_, disk)| disk.kind == "block").collect()
}

/// Disks that regionctl has not made its own yet.
fn fresh<'a>(host: &Host<'a>) -> Vec<(&'a Wanted, &'a Disk)> {
    let mounted_by_us =
        |disk: &Disk| !disk.mounts.is_empty() && disk.mounts.iter().all(|m| host.probe.owns(&format!("mount:{m}")));
    let named = |name: &str| host.probe.owns_name(name);
    let ours = |wanted: &Wanted, disk: &Disk| {
        host.probe.owns(&format!("luks:{}", mapper(wanted)))
            || host.probe.owns(&format!("lvm_group:{}", wanted.name))
            || named(wanted.device.as_str())
            || named(&disk.target)
            || mounted_by_us(disk)
            || has_our_label(host, wanted, disk)
    };
    disks(host).into_iter().filter(|(wanted, disk)| !ours(wanted, disk)).collect()
}

fn each(disks: Vec<(&Wanted, &Disk)>, said: impl Fn(&Wanted, &Disk) -> Option<Said>) -> Vec<Said> {
    disks.into_iter().filter_map(|(wanted, disk)| said(wanted, disk)).collect()
}

pub(super) fn present(host: &Host<'_>) -> Vec<Said> {
    let said = |wanted: &Wanted| {
        let device = wanted.device.as_str();
        match host.probe.disks.get(device).map_or("none", |disk| disk.kind.as_str()) {
            "block" => None,
            "other" => Some(Said::new(format!("disk {}: `{device}` is not a block device", wanted.name))),
            _ => Some(Said::new(format!("disk {}: there is no `{device}`", wanted.name))),
        }
    };
    let hint = "`lsblk --output PATH,ID-LINK,SIZE` on the server lists its disks";
    host.server.disks.iter().filter_map(said).map(|said| said.hint(hint)).collect()
}

/// The kernel numbers disks in the order in which it finds them.
pub(super) fn name_stable(host: &Host<'_>) -> Vec<Said> {
    let said = each(disks(host), |wanted, _| {
        let device = wanted.device.as_str();
        let name = device.strip_prefix("/dev/")?;
        let numbered = ["sd", "vd", "hd", "xvd", "nvme"].iter().any(|kind| name.starts_with(kind)) && !name.contains('/');
        let message = || format!("disk {}: `{device}` may be another disk after a reboot", wanted.name);
        numbered.then(|| Said::new(message()).hint("name it by its link under `/dev/disk/by-id`"))
    });
    host.unless_container("its devices are made by the machine below", said)
}

pub(super) fn same_twice(host: &Host<'_>) -> Vec<Said> {
    let all = disks(host);
    let mut said = Vec::new();
    for (i, (wanted, disk)) in all.iter().enumerate() {
        let first = all.iter().take(i).find(|(_, other)| other.number == disk.number);
        if let Some((first, _)) = first {
            let target = &disk.target;
            said.push(Said::new(format!("disks {} and {} are both `{target}`", first.name, wanted.name)));
        }
    }
    said
}

/// XFS wants 300 MiB at least (mkfs.xfs since xfsprogs 5.19).
const LEAST: Size = Size::mib(300);

/// What the bricks on it are to have, and a little for the file system.
pub(super) fn size(host: &Host<'_>) -> Vec<Said> {
    each(disks(host), |wanted, disk| {
        let on_it = host.region.bricks_on_disk(host.server, wanted).map(|(_, brick)| match brick.source {
            BrickSource::Disk { size: Some(size), .. } => size.max(LEAST).bytes(),
            _ => LEAST.bytes(),
        });
        let least = on_it.sum::<u64>().max(LEAST.bytes());
        let message =
            || format!("disk {} has {}; at least {} are needed", wanted.name, Size::shown(disk.bytes), Size::shown(least));
        (disk.bytes < least).then(|| Said::new(message()))
    })
}

/// A disk that cannot be read would be taken for an empty one.
pub(super) fn readable(host: &Host<'_>) -> Vec<Said> {
    each(disks(host), |wanted, disk| {
        (!disk.readable)
            .then(|| Said::new(format!("disk {}: `{}` cannot be read", wanted.name, disk.target)).hint("`dmesg` tells why"))
    })
}

pub(super) fn writable(host: &Host<'_>) -> Vec<Said> {
    each(disks(host), |wanted, disk| {
        disk.read_only.then(|| Said::new(format!("disk {}: `{}` is read-only", wanted.name, disk.target)))
    })
}

pub(super) fn in_use(host: &Host<'_>) -> Vec<Said> {
    each(fresh(host), |wanted, disk| {
        let name = &wanted.name;
        if !disk.mounts.is_empty() {
            return Some(Said::new(format!("disk {name} is mounted at {}", super::names(&disk.mounts))));
        }
        if disk.swap {
            return Some(Said::new(format!("disk {name} is used as swap")));
        }
        let message = || format!("disk {name} is part of {}", super::names(&disk.holders));
        (!disk.holders.is_empty()).then(|| Said::new(message()))
    })
}

/// A disk in use is told by [`in_use`] alone.
pub(super) fn empty(host: &Host<'_>) -> Vec<Said> {
    each(fresh(host), |wanted, disk| {
        let idle = disk.mounts.is_empty() && disk.holders.is_empty() && !disk.swap;
        let found = if disk.signatures.is_empty() { &disk.partitions } else { &disk.signatures };
        let label = if disk.label.is_empty() { String::new() } else { format!(", labelled `{}`", disk.label) };
        let message = || format!("disk {} is not empty: {}{label}", wanted.name, super::names(found));
        let hint = || format!("`wipefs --all {}` on the server, if nothing on it is needed", wanted.device);
        (idle && !found.is_empty()).then(|| Said::new(message()).hint(hint()))
    })
}

/// Gluster docs, "Setting up volumes": the smallest brick of a replica set is what the set can hold. Arbiters are small by
/// intent, and logical volumes have the size that the inventory gives them.
pub(super) fn brick_sizes(hosts: &Hosts<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    for volume in hosts.region.volumes() {
        for set in volume.brick_sets(hosts.region) {
            let data = set.bricks.iter().filter(|brick| !brick.arbiter);
            let sizes: Vec<(&str, u64)> = data
                .filter_map(|brick| match &brick.source {
                    BrickSource::Disk { disk, size: None } if disk.layout == DiskLayout::Plain => {
                        let probe = hosts.get(brick.server.name.as_str())?.probe;
                        Some((brick.server.name.as_str(), probe.disks.get(disk.device.as_str())?.bytes))
                    }
                    _ => None,
                })
                .filter(|(_, bytes)| *bytes > 0)
                .collect();
            let least = sizes.iter().min_by_key(|(_, bytes)| *bytes);
            let most = sizes.iter().max_by_key(|(_, bytes)| *bytes);
            // Disks sold as the same size differ by less than 5 %.
            if let (Some((small, least)), Some((_, most))) = (least, most)
                && least / 95 < most / 100
            {
                let message = format!(
                    "the brick of `{}` is on a disk of {}, another on one of {}",
                    volume.name,
                    Size::shown(*least),
                    Size::shown(*most)
                );
                said.push(Said::new(message).on(small).hint("the smaller one limits what the volume holds"));
            }
        }
    }
    said
}

/// etcd, "Hardware recommendations" and the FAQ: the 99th percentile of `wal_fsync_duration_seconds` should be less than
/// 10 ms. Gluster waits for the slower of its copies in the same way.
pub(super) fn write_latency(host: &Host<'_>) -> Vec<Said> {
    let writes = &host.probe.writes;
    let slow = writes.p99().filter(|p99| *p99 > 10.0);
    let stalls = !write_stall(host).is_empty();
    let said = slow.zip(writes.average()).filter(|_| !stalls).map(|(p99, average)| {
        Said::new(format!("1 of 100 synced writes takes {p99:.1} ms or more, the average {average:.1} ms"))
            .hint("etcd wants less than 10 ms: use SSDs with power loss protection")
    });
    unless_apt_writes(host, said)
}

/// etcd, "Tuning": the heartbeat interval is 100 ms; a leader that cannot write in that time loses its followers.
pub(super) fn write_stall(host: &Host<'_>) -> Vec<Said> {
    let writes = &host.probe.writes;
    if !writes.error.is_empty() {
        return vec![Said::new(format!("writing to `/var/lib` failed: {}", writes.error))];
    }
    let slow = writes.average().filter(|average| *average > 100.0);
    let said = slow.map(|average| Said::new(format!("a synced write takes {average:.0} ms on average")));
    unless_apt_writes(host, said)
}

/// dpkg syncs what it unpacks, and every other write waits for that.
fn unless_apt_writes(host: &Host<'_>, said: Option<Said>) -> Vec<Said> {
    let at_work = host.probe.apt.at_work();
    let noted = |said: Said| match at_work {
        Some(who) => Said::note(format!("{}, while {who} is at work", said.message)),
        None => said,
    };
    said.map(noted).into_iter().collect()
}
