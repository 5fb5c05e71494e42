//! Volumes and their bricks.

use std::collections::BTreeMap;

use super::{Report, Seen};
use crate::{
    nearest,
    parse::{Path, at},
    types::{Brick, DiskLayout, Region, Volume, VolumeLayout},
    values::{Name, Size},
};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    let mut names = Seen::new();
    let mut disks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (v, volume) in region.volumes().iter().enumerate() {
        let here = at!["spec", "gluster", "volumes", v];
        let path = here.then("name");
        if let Some(first) = names.note(&volume.name, &path, report) {
            let line = report.line(&first);
            report.error(&path, format!("two volumes are named `{}`", volume.name), format!("the other is on line {line}"));
        }
        count(volume, &here, report);
        sets(volume, &here, report);
        let mut loops = Seen::new();
        for (b, brick) in volume.bricks.iter().enumerate() {
            let path = here.then("bricks").then(b);
            place(region, brick, &path, report);
            if let Some(disk) = &brick.disk {
                let used = Used { brick, disk, volume, path: path.then("disk") };
                let others = disks.entry((&brick.server, disk)).or_default();
                shared(&used, others, report);
                others.push(used);
            }
            if brick.r#loop.is_some() {
                let path = path.then("loop");
                if loops.note(&brick.server, &path, report).is_some() {
                    let message = format!("`{}` has two file-backed bricks of the volume `{}`", brick.server, volume.name);
                    report.error(&path, message, "use a disk for one of them");
                }
            }
        }
    }
}

/// A disk with a brick on it.
struct Used<'a> {
    brick: &'a Brick,
    disk: &'a Name,
    volume: &'a Volume,
    path: Path,
}

/// A disk has one brick, unless each has a logical volume of its own size and is of another Gluster volume. `others` are those on the
/// same disk.
fn shared(used: &Used<'_>, others: &[Used<'_>], report: &mut Report<'_>) {
    let apart =
        |other: &Used<'_>| other.brick.size.is_some() && used.brick.size.is_some() && other.volume.name != used.volume.name;
    if let Some(other) = others.iter().find(|other| !apart(other)) {
        let line = report.line(&other.path);
        let message = format!("two bricks are on the disk `{}` of `{}`", used.disk, used.brick.server);
        report.error(&used.path, message, format!("the other is on line {line}; each brick has a disk of its own"));
    }
}

/// Bricks come in threes.
fn count(volume: &Volume, here: &Path, report: &mut Report<'_>) {
    let bricks = volume.bricks.len();
    if bricks == 0 || bricks.is_multiple_of(3) {
        return;
    }
    let (layout, set) = match volume.layout {
        VolumeLayout::Replica3 => ("replica-3", "3 bricks"),
        VolumeLayout::Arbiter => ("arbiter", "2 bricks and 1 arbiter"),
    };
    let plural = if bricks == 1 { "brick" } else { "bricks" };
    let message = format!("the volume `{}` has {bricks} {plural}, which the layout `{layout}` cannot use", volume.name);
    report.error(&here.then("bricks"), message, format!("{set} for each part of the files: 3, 6, 9 … bricks in all"));
}

/// The three bricks of a set are on three servers, and one of them is the arbiter where there is one.
fn sets(volume: &Volume, here: &Path, report: &mut Report<'_>) {
    for (s, set) in volume.bricks.chunks(3).enumerate() {
        let bricks = here.then("bricks");
        let mut servers = Seen::new();
        for (b, brick) in set.iter().enumerate() {
            let path = bricks.then(s * 3 + b).then("server");
            if let Some(first) = servers.note(&brick.server, &path, report) {
                let line = report.line(&first);
                let message = format!("two bricks of one set are on `{}`: losing it would lose the set's quorum", brick.server);
                report.error(&path, message, format!("the other is on line {line}; use three servers"));
            }
        }
        let arbiters: Vec<usize> = (0..set.len()).filter(|b| set.get(*b).is_some_and(|brick| brick.arbiter)).collect();
        match (volume.layout, arbiters.as_slice()) {
            (VolumeLayout::Replica3, []) | (VolumeLayout::Arbiter, [_]) => {}
            (VolumeLayout::Replica3, [first, ..]) => {
                let path = bricks.then(s * 3 + first).then("arbiter");
                report.error(
                    &path,
                    "a volume with the layout `replica-3` has no arbiter",
                    "write `layout: arbiter`, or remove it",
                );
            }
            (VolumeLayout::Arbiter, []) if set.len() == 3 => {
                let message = "none of these three bricks is the arbiter";
                report.error(&bricks.then(s * 3 + 2), message, "write `arbiter: true` at the one that holds no data");
            }
            (VolumeLayout::Arbiter, []) => {}
            (VolumeLayout::Arbiter, [_, second, ..]) => {
                let path = bricks.then(s * 3 + second).then("arbiter");
                report.error(&path, "this set has a second arbiter", "2 bricks hold the data, 1 is the arbiter");
            }
        }
    }
}

/// A brick is on a disk of its server, or in a file.
fn place(region: &Region, brick: &Brick, path: &Path, report: &mut Report<'_>) {
    match (&brick.disk, &brick.r#loop) {
        (None, None) => {
            report.error(path, "this brick has no place", "name a `disk` of the server, or write `loop: {size: 10GiB}`");
        }
        (Some(_), Some(_)) => {
            report.error(&path.then("loop"), "this brick has both a `disk` and a `loop` file", "keep one of them");
        }
        (None, Some(file)) => {
            if file.size < Size::mib(128) {
                let message = format!("`{}` is too small for a brick", file.size);
                report.error(&path.then("loop").then("size"), message, "128MiB at least");
            }
            if brick.size.is_some() {
                report.error(&path.then("size"), "`size` is for logical volumes", "`loop.size` is the size of the file");
            }
        }
        (Some(name), None) => {
            let Some(server) = region.server(brick.server.as_str()) else { return };
            let Some(disk) = server.disk(name.as_str()) else {
                let hint = nearest::hint(name.as_str(), server.disks.iter().map(|disk| disk.name.as_str()));
                let hint = hint.unwrap_or_else(|| format!("`{}` has no `disks`", server.name));
                let s = region.servers().iter().position(|other| other.name == server.name).unwrap_or(0);
                let sound = report.is_sound(&at!["spec", "servers", s, "disks"]);
                if sound {
                    report.error(&path.then("disk"), format!("`{}` has no disk `{name}`", server.name), hint);
                }
                return;
            };
            if brick.size.is_some() && disk.layout != DiskLayout::Lvm {
                let message = format!("`size` is for disks with the layout `lvm`, which `{name}` is not");
                report.error(&path.then("size"), message, "leave it out: the brick has all of the disk");
            }
            if disk.layout == DiskLayout::LvmThin {
                let message = format!("the disk `{name}` is a thin pool for machines");
                report.error(&path.then("disk"), message, "a disk with the layout `plain` or `lvm`");
            }
        }
    }
}
