//! Replicated volumes and their options.

mod options;

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::{Region, Volume, VolumeLayout};
use regionctl_plan::{Id, Resource};

use super::places::is_coordinator;
use crate::{Host, Wanted};

/// The coordinator makes each volume once all its bricks are there.
pub fn wants(host: &Host<'_>) -> Wanted {
    if !is_coordinator(host) {
        return Wanted::new();
    }
    Wanted::new().then_all(host.region.volumes().iter().flat_map(|volume| all(volume, host)))
}

/// The last thing that is done to a volume on the coordinator: who uses it waits for this.
pub fn ready(volume: &Volume, region: &Region) -> Id {
    let last = options(volume, region).pop();
    last.map_or_else(|| Id::new("gluster_volume", volume.name.as_str()), |option| option.id)
}

fn all(volume: &Volume, host: &Host<'_>) -> Vec<Resource> {
    let places = volume.brick_places(host.region);
    let bricks: Vec<_> = places.iter().map(|place| format!("{}:{}", place.server.name, place.path)).collect();
    let arbiters = match volume.layout {
        VolumeLayout::Replica3 => 0,
        VolumeLayout::Arbiter => 1,
    };
    let values = options::options(volume, host.region);
    let before_start = values.iter().filter(|(option, _)| options::BEFORE_START.contains(&option.as_str()));
    let made = want::gluster_volume(volume.name.as_str(), 3, arbiters, &bricks).before_start(before_start);
    let elsewhere = places.iter().filter(|place| place.server.name != host.server.name);
    let made = elsewhere.fold(made, |made, place| made.wait(place.server.name.as_str(), Id::new("gluster_brick", &place.path)));
    let mut all = vec![made];
    all.extend(options(volume, host.region));
    all
}

fn options(volume: &Volume, region: &Region) -> Vec<Resource> {
    let options = options::options(volume, region).into_iter();
    let resource = |(option, value): (String, String)| {
        let resource = want::gluster_option(volume.name.as_str(), &option, &value);
        if options::BEFORE_START.contains(&option.as_str()) { resource.at_start() } else { resource }
    };
    options.map(resource).collect()
}
