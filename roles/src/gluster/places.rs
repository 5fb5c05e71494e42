//! Where the bricks are, and who does what.

use regionctl_inventory::{BrickPlace, Region, Server, Volume};

use crate::Host;

/// The unit of the daemon that manages the pool.
pub const GLUSTERD: &str = "glusterd.service";

/// The bricks on a host, with their volumes.
pub fn bricks_on<'a>(host: &Host<'a>) -> Vec<(&'a Volume, BrickPlace<'a>)> {
    host.region.bricks().filter(|(_, place)| place.server.name == *host.name()).collect()
}

/// The servers with bricks, by name.
pub fn pool(region: &Region) -> Vec<&Server> {
    by_name(region.volumes().iter().flat_map(|volume| servers_of(volume, region)))
}

/// The servers with bricks of a volume, by name.
pub fn servers_of<'a>(volume: &'a Volume, region: &'a Region) -> Vec<&'a Server> {
    by_name(volume.brick_places(region).into_iter().map(|place| place.server))
}

/// The servers that use a volume: those with its bricks, and those that mount it; by name.
pub fn users_of<'a>(volume: &'a Volume, region: &'a Region) -> Vec<&'a Server> {
    let mounting = volume.mounts.iter().flat_map(|mount| mount.targets(region));
    by_name(servers_of(volume, region).into_iter().chain(mounting))
}

/// The servers that use any volume, by name.
pub fn users(region: &Region) -> Vec<&Server> {
    by_name(region.volumes().iter().flat_map(|volume| users_of(volume, region)))
}

fn by_name<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Vec<&'a Server> {
    let mut servers: Vec<&Server> = servers.into_iter().collect();
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    servers.dedup_by(|a, b| a.name == b.name);
    servers
}

/// The server that probes the others and makes the volumes: the first of the pool.
pub fn coordinator(region: &Region) -> Option<&Server> {
    pool(region).into_iter().next()
}

/// True if this host is the coordinator.
pub fn is_coordinator(host: &Host<'_>) -> bool {
    coordinator(host.region).is_some_and(|server| server.name == host.server.name)
}
