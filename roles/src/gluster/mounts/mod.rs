//! Volumes mounted where they are wanted.

mod unit_name;

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::Volume;
use regionctl_plan::Resource;

use super::places::{coordinator, is_coordinator, servers_of};
use super::volumes::ready;
use crate::template::fill;
use crate::{Host, Wanted};

const UNIT: &str = "regionctl-mounts.service";

/// The mounts, and a unit that goes on trying at boot: after a power cut of the whole site the first server is up before
/// any volume can be mounted, and systemd tries a mount only once.
pub fn wants(host: &Host<'_>) -> Wanted {
    let mounts: Vec<_> = host.region.volumes().iter().flat_map(|volume| points(volume, host)).collect();
    if mounts.is_empty() {
        return Wanted::new();
    }
    let units: Vec<_> = mounts.iter().map(|(_, point)| unit_name::mount(point)).collect();
    let retry = fill(include_str!("templates/mounts.service"), &[("units", &units.join(" ").replace('\\', r"\\"))]);
    Wanted::new()
        .setting(want::file("/etc/systemd/system/regionctl-mounts.service", retry))
        .packages_of(host, "gluster/mounts")
        .then_all(mounts.iter().map(|(volume, point)| mount(volume, point, host)))
        .then(want::unit(UNIT).enabled())
}

/// Where this host mounts a volume.
fn points<'a>(volume: &'a Volume, host: &Host<'a>) -> Vec<(&'a Volume, &'a str)> {
    let own = host.name();
    let wanted = volume.mounts.iter().filter(|mount| mount.targets(host.region).iter().any(|server| server.name == *own));
    wanted.map(|mount| (volume, mount.path.as_str())).collect()
}

fn mount(volume: &Volume, point: &str, host: &Host<'_>) -> Resource {
    // The server that is asked for the volume's shape: this one if it has a brick, and the others when it does not answer.
    let mut servers: Vec<&str> = servers_of(volume, host.region).into_iter().map(|server| server.name.as_str()).collect();
    servers.sort_by_key(|server| *server != host.name());
    let (first, backup) = servers.split_first().map_or(("localhost", &[][..]), |(first, rest)| (*first, rest));
    // systemd gives each try 90 s: on a slow server none would ever end well.
    let mut options = String::from("defaults,_netdev,x-systemd.mount-timeout=5min,log-level=WARNING");
    if !backup.is_empty() {
        options += &format!(",backup-volfile-servers={}", backup.join(":"));
    }
    let mount = want::mount(point, &format!("{first}:/{}", volume.name), "glusterfs", &options).immutable();
    match coordinator(host.region) {
        Some(coordinator) if !is_coordinator(host) => mount.wait(coordinator.name.as_str(), ready(volume, host.region)),
        _ => mount,
    }
}
