//! Room on the host's own file systems.

use regionctl_inventory::{BrickSource, Size};

use super::super::FileSystemUse;
use super::super::check::{Said, when};
use super::super::host::Host;

const MIB_IN_KIB: u64 = 1024;
const GIB_IN_KIB: u64 = 1024 * 1024;

pub(super) fn root_writable(host: &Host<'_>) -> Vec<Said> {
    let read_only = host.probe.system.root_options.split(',').any(|option| option == "ro");
    when(read_only, || Said::new("`/` is mounted read-only").hint("`dmesg` tells whether its disk has failed"))
}

pub(super) fn tmp_writable(host: &Host<'_>) -> Vec<Said> {
    when(!host.probe.system.tmp_writable, || Said::new("no temporary folder can be made in `/tmp`"))
}

pub(super) fn state_writable(host: &Host<'_>) -> Vec<Said> {
    when(!host.probe.system.state_writable, || Said::new("`/var/lib/regionctl` cannot be written"))
}

/// Packages of this version's layers take about 0.5 GB (measured on Debian 13), downloads and the journal as much again.
pub(super) fn root_free(host: &Host<'_>) -> Vec<Said> {
    free(host, "/", still_needed(host, 2 * GIB_IN_KIB))
}

/// The journal (1 GiB), apt's cache, undo copies and Gluster's logs are there.
pub(super) fn var_free(host: &Host<'_>) -> Vec<Said> {
    free(host, "/var", still_needed(host, 4 * GIB_IN_KIB))
}

/// An install that was stopped has put there already what the room was for.
fn still_needed(host: &Host<'_>, least: u64) -> u64 {
    if host.probe.ours.is_empty() { least } else { least / 4 }
}

fn free(host: &Host<'_>, path: &str, least: u64) -> Vec<Said> {
    let free = host.probe.system.filesystems.get(path).map(|fs| fs.free_kib).filter(|free| *free < least);
    let said = |free| Said::new(format!("`{path}` has {} free; at least {} are needed", kib(free), kib(least)));
    free.map(said).into_iter().collect()
}

/// At 85 % the kubelet begins to delete images (`imageGCHighThresholdPercent`), and at 90 % pods (`nodefs.available<10%`).
pub(super) fn var_usage(host: &Host<'_>) -> Vec<Said> {
    let fs = host.probe.system.filesystems.get("/var");
    let full = fs.map(|fs| percent(fs.used_kib, fs.free_kib)).filter(|percent| *percent > NEARLY);
    full.map(|percent| Said::new(format!("the file system of `/var` is {percent} % full"))).into_iter().collect()
}

/// A kernel of Debian with its initramfs takes about 80 MiB.
pub(super) fn boot_free(host: &Host<'_>) -> Vec<Said> {
    let said = free(host, "/boot", 120 * MIB_IN_KIB);
    said.into_iter().map(|said| said.hint("`apt-get autoremove --purge` removes old kernels")).collect()
}

/// From how much on a file system is nearly full, in percent.
const NEARLY: u64 = 85;

/// A full brick stops being served; what is on a disk that comes back with a newly installed server is there already.
pub(super) fn left(host: &Host<'_>) -> Vec<Said> {
    let all = &host.probe.system.filesystems;
    let told = |path: &str| match path {
        "/" => all.get("/") == all.get("/var") || !root_free(host).is_empty(),
        other => matches!(other, "/var" | "/boot"),
    };
    let watched = all.iter().filter(|(path, _)| !told(path));
    let said = |(path, fs): (&String, &FileSystemUse)| {
        let inodes_used = fs.inodes.saturating_sub(fs.inodes_free);
        let of = [("full", fs.used_kib, fs.free_kib), ("out of inodes", inodes_used, fs.inodes_free)];
        let full = of.into_iter().map(|(what, used, free)| (what, percent(used, free)));
        let full = full.max_by_key(|(_, percent)| *percent).filter(|(_, percent)| *percent > NEARLY);
        full.map(|(what, percent)| Said::new(format!("`{path}` is {percent} % {what}")))
    };
    watched.filter_map(said).collect()
}

/// The kubelet deletes pods at this value (`nodefs.inodesFree<5%`).
pub(super) fn inodes_free(host: &Host<'_>) -> Vec<Said> {
    let few = |fs: &FileSystemUse| fs.inodes > 0 && fs.inodes_free.saturating_mul(100) < fs.inodes.saturating_mul(5);
    let system = host.probe.system.filesystems.iter().filter(|(path, _)| matches!(path.as_str(), "/" | "/var" | "/boot"));
    let full = system.filter(|(_, fs)| few(fs));
    full.map(|(path, fs)| Said::new(format!("`{path}` has only {} of {} inodes free", fs.inodes_free, fs.inodes))).collect()
}

/// Bricks in files are sparse: what is not there yet is missed only when the volume fills.
pub(super) fn brick_space(host: &Host<'_>) -> Vec<Said> {
    let size = |source: &BrickSource<'_>| match source {
        BrickSource::Loop { file, size } if !host.probe.owns_name(file) => size.bytes(),
        _ => 0,
    };
    let wanted: u64 = host.bricks().iter().map(|brick| size(&brick.source)).sum::<u64>() / 1024;
    let free = host.probe.system.filesystems.get("/var").map(|fs| fs.free_kib).filter(|free| *free < wanted);
    let said = |free| Said::new(format!("bricks in files want {}, and `/var` has {} free", kib(wanted), kib(free)));
    free.map(said).into_iter().collect()
}

/// An amount as people read it.
fn kib(amount: u64) -> String {
    Size::shown(amount.saturating_mul(1024)).to_string()
}

/// How full something is; the numbers come from a host and may be any.
fn percent(used: u64, free: u64) -> u64 {
    used.saturating_mul(100) / used.saturating_add(free).max(1)
}
