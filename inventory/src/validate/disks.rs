//! The data disks of a server: each name and each device once.

use super::{Report, Seen};
use crate::{
    parse::at,
    types::{MOST_OPENERS, Region},
};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    threshold(region, report);
    for (s, server) in region.servers().iter().enumerate() {
        let mut names = Seen::new();
        let mut devices = Seen::new();
        for (d, disk) in server.disks.iter().enumerate() {
            let path = at!["spec", "servers", s, "disks", d, "name"];
            if let Some(first) = names.note(&disk.name, &path, report) {
                let line = report.line(&first);
                let message = format!("two disks of `{}` are named `{}`", server.name, disk.name);
                report.error(&path, message, format!("the other is on line {line}"));
            }
            let path = at!["spec", "servers", s, "disks", d, "device"];
            if let Some(first) = devices.note(&disk.device, &path, report) {
                let line = report.line(&first);
                let message = format!("two disks of `{}` are the device `{}`", server.name, disk.device);
                report.error(&path, message, format!("the other is on line {line}"));
            }
        }
    }
}

/// A server cannot be asked to open its own disks.
fn threshold(region: &Region, report: &mut Report<'_>) {
    let threshold = region.spec.encryption.threshold;
    if threshold <= 1 {
        return;
    }
    let others = region.servers().len().saturating_sub(1).min(MOST_OPENERS.into());
    let encrypts = region.servers().iter().any(|server| region.encrypted_disks(server).next().is_some());
    let path = at!["spec", "encryption", "threshold"];
    if encrypts && others > 0 && usize::try_from(threshold).is_ok_and(|threshold| threshold > others) {
        let message = format!("{threshold} other servers cannot be asked: {others} can open a disk");
        report.error(&path, message, format!("at most {others}; below that, disks open while some servers are off"));
    }
}
