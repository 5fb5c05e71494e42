//! The data disks of a server: each name and each device once.

use super::{Report, Seen};
use crate::{parse::at, types::Region};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
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
