//! Every copy is up to date.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use regionctl_engine::PRELUDE;
use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_inventory::{BrickPlace, Region, Volume};
use regionctl_plan::{Id, Resource, quote};

use super::online;
use super::places::{bricks_on, coordinator, is_coordinator};
use super::volumes::ready;
use crate::{Host, Wanted};

/// How long is waited for the copies, in seconds.
const PATIENCE: u32 = 3600;

/// Defines `bricks_away`.
const BRICKS: &str = include_str!("bricks.sh");
/// Shell that defines `behind` and `nothing_to_heal`.
pub const INFO: &str = include_str!("info.sh");
/// Defines `pending`.
const PENDING: &str = include_str!("pending.sh");
const WAIT: &str = include_str!("wait.sh");

/// Shell that defines `wait_for_copies`, for a server that has these bricks of the volume.
pub(super) fn waiting<'a>(places: impl IntoIterator<Item = &'a BrickPlace<'a>>) -> String {
    let arbiters: Vec<_> = places.into_iter().filter(|place| place.arbiter).map(|place| place.path.as_str()).collect();
    format!("{PRELUDE}{BRICKS}{INFO}{WAIT}ARBITERS={}\n", quote(&arbiters.join(" ")))
}

/// Each server with bricks looks at its own: a brick keeps the list of files whose other copies are behind, which is read at
/// once, also while the other servers are away.
pub fn wants(host: &Host<'_>) -> Wanted {
    let bricks = bricks_on(host);
    let of = |volume: &Volume| bricks.iter().filter(|(v, _)| v.name == volume.name).map(|(_, place)| place).collect::<Vec<_>>();
    let all = host.region.volumes().iter().map(|volume| (volume, of(volume))).filter(|(_, places)| !places.is_empty());
    let all = all.map(|(volume, places)| {
        let resource = after_bricks(healed_volume(volume, &places), volume, host);
        wait(resource, volume, host.region, is_coordinator(host))
    });
    Wanted::new().then_all(all)
}

/// The name, on every server with bricks, of what says that nothing waits to be copied from it.
pub fn healed(volume: &Volume) -> Id {
    Id::new("command", format!("the copies of {} are up to date", volume.name))
}

/// A copy is brought up to date only while all bricks of the volume are served.
fn after_bricks(resource: Resource, volume: &Volume, host: &Host<'_>) -> Resource {
    let places = volume.brick_places(host.region);
    let others: BTreeSet<&str> =
        places.iter().map(|place| place.server.name.as_str()).filter(|name| *name != host.server.name.as_str()).collect();
    others.into_iter().fold(resource, |resource, other| resource.wait(other, online::served(volume)))
}

fn wait(resource: Resource, volume: &Volume, region: &Region, here: bool) -> Resource {
    match coordinator(region) {
        Some(coordinator) if !here => resource.wait(coordinator.name.as_str(), ready(volume, region)),
        _ => resource,
    }
}

fn healed_volume(volume: &Volume, places: &[&BrickPlace<'_>]) -> Resource {
    let name = quote(volume.name.as_str());
    let bricks: Vec<_> = places.iter().map(|place| quote(&place.path)).collect();
    let bricks = bricks.join(" ");
    let command = want::Command {
        run: &format!(
            "{}{PENDING}count() {{ pending {bricks} | wc -l; }}\nwait_for_copies {name} {PATIENCE} count\n",
            waiting(places.iter().copied())
        ),
        check: &format!("{PENDING}{INFO}[ -z \"$(pending {bricks})\" ] || nothing_to_heal {name} 10\n"),
        // Whether bricks are away is asked while it waits: after a reboot they are, for a moment.
        guard: ":",
        undo: Undo::Impossible("copies that are up to date stay so"),
    };
    // What is written while a new brick is not yet served waits to be copied: it is looked at again where one was made.
    let made: Vec<_> = places.iter().map(|place| place.path.as_str()).collect();
    want::command(&healed(volume).name, command).flapping().param("config", made)
}
