//! What ails the disks of a server, in words: for day 2, when a disk is in use and must be neither new nor blank.

use regionctl_inventory::{Disk as Wanted, Server};
use serde::Serialize;

use super::{Array, HostProbe, Smart};

/// Something that is wrong with a disk or an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// The data disk's name in the inventory, if it is one.
    pub disk: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// What ails a server's disks; nothing if all are well, or nobody can tell.
pub fn ailments(server: &Server, probe: &HostProbe) -> Vec<Ailment> {
    let of_disk = |wanted: &Wanted| Some(Ailment { disk: Some(wanted.name.to_string()), message: ails(probe, wanted)? });
    let others = failing_others(server, probe);
    let others = others.into_iter().map(|(device, smart)| Ailment { disk: None, message: fails(device, smart) });
    let arrays = probe.health.arrays.iter().filter(|array| !array.is_whole());
    let arrays = arrays.map(|array| Ailment { disk: None, message: degraded(array) });
    server.disks.iter().filter_map(of_disk).chain(others).chain(arrays).collect()
}

/// What is wrong with a data disk.
fn ails(probe: &HostProbe, wanted: &Wanted) -> Option<String> {
    let device = wanted.device.as_str();
    let disk = probe.disks.get(device).filter(|disk| disk.kind == "block");
    let Some(disk) = disk else { return Some(format!("there is no `{device}`")) };
    if !disk.readable {
        return Some(format!("`{device}` cannot be read"));
    }
    if disk.read_only {
        return Some(format!("`{device}` is read-only"));
    }
    let smart = smart_of(probe, wanted)?;
    (smart.passed == Some(false)).then(|| fails(&disk.target, smart))
}

/// What a data disk says of itself.
pub fn smart_of<'a>(probe: &'a HostProbe, wanted: &Wanted) -> Option<&'a Smart> {
    probe.health.smart.get(&probe.disks.get(wanted.device.as_str())?.target)
}

/// Disks that are no data disks and fail their own health check, by device.
pub(super) fn failing_others<'a>(server: &Server, probe: &'a HostProbe) -> Vec<(&'a str, &'a Smart)> {
    let data: Vec<_> = server.disks.iter().filter_map(|wanted| probe.disks.get(wanted.device.as_str())).collect();
    let all = probe.health.smart.iter().map(|(device, smart)| (device.as_str(), smart));
    all.filter(|(device, smart)| smart.passed == Some(false) && !data.iter().any(|disk| disk.target == *device)).collect()
}

/// A disk that fails its own health check, in words.
pub(super) fn fails(device: &str, smart: &Smart) -> String {
    let names: Vec<_> = [&smart.model, &smart.serial].into_iter().filter(|name| !name.is_empty()).map(String::as_str).collect();
    let named = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    format!("`{device}`{named} fails its own SMART health check")
}

/// An array that is not whole, in words.
pub(super) fn degraded(array: &Array) -> String {
    if !array.active {
        return format!("the array `{}` does not run", array.name);
    }
    let doing = if array.doing.is_empty() { String::new() } else { format!("; {}", array.doing) };
    format!("the array `{}` ({}) has {} of {} disks{doing}", array.name, array.level, array.working, array.wanted)
}
