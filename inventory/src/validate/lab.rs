//! The lab's settings for single servers.

use super::Report;
use crate::{nearest, parse::at, types::Region, values::Size};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    let Some(lab) = &region.spec.lab else { return };
    small(lab.memory, Size::mib(256), &at!["spec", "lab", "memory"], report);
    small(lab.disk_size, Size::mib(128), &at!["spec", "lab", "diskSize"], report);
    for (name, own) in &lab.servers {
        let here = at!["spec", "lab", "servers", name];
        if let Some(memory) = own.memory {
            small(memory, Size::mib(256), &here.then("memory"), report);
        }
        let Some(server) = region.server(name) else {
            let hint = nearest::hint(name, region.servers().iter().map(|server| server.name.as_str()));
            report.error(&here, format!("there is no server `{name}`"), hint.unwrap_or_default());
            continue;
        };
        for (disk, size) in &own.disk_sizes {
            let here = here.then("diskSizes").then(disk);
            if server.disk(disk).is_none() {
                let hint = nearest::hint(disk, server.disks.iter().map(|disk| disk.name.as_str()));
                report.error(&here, format!("`{name}` has no disk `{disk}`"), hint.unwrap_or_default());
            }
            small(*size, Size::mib(128), &here, report);
        }
    }
}

fn small(size: Size, least: Size, path: &crate::parse::Path, report: &mut Report<'_>) {
    if size < least {
        report.error(path, format!("`{size}` is too small"), format!("{least} at least"));
    }
}
