//! Where volumes are mounted.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::{
    parse::{Path, at},
    types::{Mount, Region},
    values::{FolderPath, Name},
};

/// Folders that the system, or regionctl, has for itself: nothing is mounted on them or below.
const SYSTEM: [&str; 24] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/lost+found",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv/bricks",
    "/sys",
    "/tmp",
    "/usr",
    "/var/cache",
    "/var/lib/dpkg",
    "/var/lib/glusterd",
    "/var/lib/regionctl",
    "/var/log",
    "/var/spool",
    "/var/tmp",
];

/// Folders that hold others' data: something can be mounted below, but not on them.
const PARENTS: [&str; 8] = ["/", "/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/lib"];

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    let mut seen: Vec<Vec<_>> = region.servers().iter().map(|_| Vec::new()).collect();
    let numbers = region.servers().iter().enumerate().map(|(number, server)| (&server.name, number)).collect();
    for (v, volume) in region.volumes().iter().enumerate() {
        for (m, mount) in volume.mounts.iter().enumerate() {
            let here = at!["spec", "gluster", "volumes", v, "mounts", m];
            let path = here.then("path");
            let folder = &mount.path;
            let wrong = report.found.len();
            if let Some(system) = SYSTEM.iter().find(|system| folder.is_within(system)) {
                let message = format!("`{folder}` is under `{system}`, which is the system's own");
                report.error(&path, message, "for example `/srv/data`");
            } else if PARENTS.contains(&folder.as_str()) {
                let message = format!("a mount on `{folder}` would hide what is there");
                let below = format!("{}/{}", folder.as_str().trim_end_matches('/'), volume.name);
                let below = if folder.as_str() == "/" { format!("/srv/{}", volume.name) } else { below };
                report.error(&path, message, format!("for example `{below}`"));
            }
            // A path that cannot be is not compared with the others too.
            let good = report.found.len() == wrong;
            let targets = targets(mount, region, &numbers);
            if targets.is_empty() && !mount.roles.is_empty() && mount.servers.is_empty() {
                report.error(&here.then("roles"), "no server has any of these roles", "this volume would be mounted nowhere");
            }
            for number in targets.into_iter().filter(|_| good) {
                let (Some(server), Some(seen)) = (region.servers().get(number), seen.get_mut(number)) else { continue };
                let within =
                    |(other, _): &&(&FolderPath, Path)| folder.is_within(other.as_str()) || other.is_within(folder.as_str());
                if report.is_sound(&path)
                    && let Some((other, first)) = seen.iter().find(within)
                {
                    let line = report.line(first);
                    let message = match *other == folder {
                        true => format!("two volumes are mounted on `{folder}` of `{}`", server.name),
                        false => format!("`{folder}` and `{other}` are mounts of `{}`, one inside the other", server.name),
                    };
                    report.error(&path, message, format!("the other is on line {line}"));
                    break;
                }
                seen.push((folder, path.clone()));
            }
        }
    }
}

/// The numbers of a mount's targets, in a time that does not grow with the servers where it names them.
fn targets(mount: &Mount, region: &Region, numbers: &BTreeMap<&Name, usize>) -> BTreeSet<usize> {
    let number = |name: &Name| numbers.get(name).copied();
    match mount.only_on() {
        Some(names) => names.iter().filter_map(number).collect(),
        None => mount.targets(region).iter().filter_map(|target| number(&target.name)).collect(),
    }
}
