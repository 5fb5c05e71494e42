//! Packages and where they come from.

use std::collections::BTreeSet;

use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

pub(super) fn sources(host: &Host<'_>) -> Vec<Said> {
    let sources = &host.probe.apt.sources;
    if sources.is_empty() {
        return vec![Said::new("apt has no package source").hint("`/etc/apt/sources.list.d/debian.sources`")];
    }
    let cdrom = sources.keys().any(|source| source.starts_with("cdrom:"));
    when(cdrom, || Said::new("a CD-ROM is a package source").hint("remove the `cdrom:` line from `/etc/apt/sources.list`"))
}

pub(super) fn reachable(host: &Host<'_>) -> Vec<Said> {
    let failed = host.probe.apt.sources.iter().filter(|(name, source)| !source.error.is_empty() && !name.starts_with("cdrom:"));
    failed.map(|(name, source)| Said::new(format!("`{}`: {}", name, source.error.trim_start_matches("E: ")))).collect()
}

/// What our own run does or left is finished by the next one, and while another dpkg is at work it is in between: an install waits
/// for it, and finishes what it leaves.
pub(super) fn healthy(host: &Host<'_>) -> Vec<Said> {
    let apt = &host.probe.apt;
    let (said, hint) = if !apt.audit.is_empty() {
        (format!("`dpkg --audit` says: {}", apt.audit.trim()), "`dpkg --configure -a`")
    } else if !apt.check_error.is_empty() {
        (format!("`apt-get check` says: {}", apt.check_error.trim()), "`apt-get --fix-broken install`")
    } else {
        return Vec::new();
    };
    if !apt.ours.is_empty() {
        return vec![Said::note(format!("{said}; it is the work of {}, which the next install finishes", apt.ours))];
    }
    if !apt.dpkg_holder.is_empty() {
        return vec![Said::note(format!("{said}; {} is at work, which an install waits for", apt.dpkg_holder))];
    }
    vec![Said::new(said).hint(hint)]
}

/// Daily upgrades end by themselves, and a lock is waited for.
pub(super) fn lock_free(host: &Host<'_>) -> Vec<Said> {
    let holder = &host.probe.apt.lock_holder;
    when(!holder.is_empty() && host.probe.apt.ours.is_empty(), || {
        Said::new(format!("{holder} holds a lock of apt")).hint("an install waits for it, ten minutes at most")
    })
}

pub(super) fn held(host: &Host<'_>) -> Vec<Said> {
    let held: Vec<_> = host.probe.apt.held.iter().filter(|name| !host.probe.owns(&format!("package:{name}"))).collect();
    when(!held.is_empty(), || Said::new(format!("on hold: {}", super::names(&held))).hint("`apt-mark unhold PACKAGE`"))
}

/// apt says of such a package only that it "is not available, but is referred to by another package". A priority of every package, as
/// of those of another release, keeps none of ours away.
pub(super) fn kept_away(host: &Host<'_>) -> Vec<Said> {
    let Ok(release) = regionctl_images::release(&host.region.spec.release) else { return Vec::new() };
    let ours: BTreeSet<&str> = release.packages.values().flatten().map(|package| package.name.as_str()).collect();
    let said = |pin: &String| {
        let (file, names) = pin.split_once(": ")?;
        let kept = ours.iter().filter(|name| !host.probe.owns(&format!("package:{name}")));
        let kept: Vec<_> = kept.filter(|name| names.split_whitespace().any(|pattern| is_meant(pattern, name))).collect();
        let message = || format!("`{file}` keeps away {}: their priority is negative", super::names(&kept));
        (!kept.is_empty())
            .then(|| Said::new(message()).hint(format!("take them out of `{file}`; `apt-cache policy PACKAGE` shows why")))
    };
    host.probe.apt.pinned.iter().filter_map(said).collect()
}

/// A name, or a glob that begins with a part of one.
fn is_meant(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => !start.is_empty() && name.starts_with(start),
        None => pattern == name,
    }
}

/// Debian 12 has Gluster 10.3 and Debian 13 has 11.1: the older one decides what the cluster can (`op-version`), and they
/// are upgraded together.
pub(super) fn gluster_versions(hosts: &Hosts<'_>) -> Vec<Said> {
    let holders: Vec<_> = hosts.answered.iter().filter(|host| !host.bricks().is_empty()).collect();
    let Some(newest) = holders.iter().filter_map(|host| host.probe.system.major()).max() else { return Vec::new() };
    let older = holders.iter().filter_map(|host| Some((host, host.probe.system.major().filter(|major| *major < newest)?)));
    let said = |(host, major): (&&Host<'_>, u32)| {
        Said::new(format!("it holds bricks on Debian {major}, others on Debian {newest}: their Gluster versions differ"))
            .on(host.name())
    };
    older.map(said).collect()
}
