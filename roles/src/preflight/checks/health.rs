//! What disks and arrays say of their own health.

use super::super::ailments::{degraded, failing_others, fails, smart_of};
use super::super::check::Said;
use super::super::host::Host;

const HINT: &str = "`smartctl --all` on the server tells more; have the disk exchanged";

pub(super) fn data_disks(host: &Host<'_>) -> Vec<Said> {
    let said = host.server.disks.iter().filter_map(|wanted| {
        let smart = smart_of(host.probe, wanted).filter(|smart| smart.passed == Some(false))?;
        let target = &host.probe.disks.get(wanted.device.as_str())?.target;
        Some(Said::new(format!("disk {}: {}", wanted.name, fails(target, smart))).hint(HINT))
    });
    said.collect()
}

pub(super) fn other_disks(host: &Host<'_>) -> Vec<Said> {
    let failing = failing_others(host.server, host.probe).into_iter();
    failing.map(|(device, smart)| Said::new(fails(device, smart)).hint(HINT)).collect()
}

pub(super) fn arrays(host: &Host<'_>) -> Vec<Said> {
    let broken = host.probe.health.arrays.iter().filter(|array| !array.is_whole());
    broken.map(|array| Said::new(degraded(array)).hint("`mdadm --detail` on the server tells more")).collect()
}
