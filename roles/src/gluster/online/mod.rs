//! Every brick is served.
//!
//! glusterd starts bricks once, at its own start. One whose disk came later, as after a power cut, stays down until the
//! volume is started again by force, which does nothing to bricks that run.

#[cfg(test)]
mod tests;

use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_engine::{GLUSTER, PRELUDE};
use regionctl_inventory::{BrickPlace, BrickSource, Volume};
use regionctl_plan::{Id, Resource, quote};

use super::places::{bricks_on, coordinator, is_coordinator};
use super::volumes::ready;
use crate::{Host, Wanted};

/// How long a brick may take to start, in seconds.
const PATIENCE: u32 = 60;

/// Each server with bricks looks at its own.
pub fn wants(host: &Host<'_>) -> Wanted {
    let bricks = bricks_on(host);
    let of = |volume: &Volume| bricks.iter().filter(|(v, _)| v.name == volume.name).map(|(_, place)| place).collect::<Vec<_>>();
    let served = host.region.volumes().iter().map(|volume| (volume, of(volume))).filter(|(_, places)| !places.is_empty());
    let served = served.map(|(volume, places)| {
        let resource = served_bricks(volume, &places);
        match coordinator(host.region) {
            Some(coordinator) if !is_coordinator(host) => resource.wait(coordinator.name.as_str(), ready(volume, host.region)),
            _ => resource,
        }
    });
    Wanted::new().then_all(served)
}

/// The name, on every server with bricks, of what says that they are served.
pub fn served(volume: &Volume) -> Id {
    Id::new("command", name(volume))
}

fn name(volume: &Volume) -> String {
    format!("the bricks of {} are served", volume.name)
}

/// Shell that defines `damaged BRICK`.
pub const DAMAGED: &str = include_str!("damaged.sh");

/// A brick on a disk of its own, which has a verb that gets it back.
fn disk_of(place: &BrickPlace<'_>) -> Option<String> {
    let BrickSource::Disk { disk, .. } = place.source else { return None };
    Some(format!("{}:{}", place.server.name, disk.name))
}

/// Shell that fails if a brick does not bear its volume's id, which Gluster would not serve: its disk is another than it was.
/// Nor does it serve, or heal, what has lost its place in the brick.
fn lost(place: &BrickPlace<'_>) -> Option<String> {
    let (path, disk) = (quote(&place.path), disk_of(place)?);
    let new =
        quote(&format!("the brick {} is new and empty: `regionctl disk replace {disk}` copies back what it had", place.path));
    let damaged = quote(&format!(
        "the brick {} has lost what Gluster keeps in its .glusterfs: `regionctl disk replace {disk} --wipe` copies everything back",
        place.path
    ));
    Some(format!(
        "getfattr -n trusted.glusterfs.volume-id -- {path} >/dev/null 2>&1 || fail {new}\n! damaged {path} || fail {damaged}\n"
    ))
}

/// The last words of the bricks' processes.
fn logs(places: &[&BrickPlace<'_>]) -> String {
    let logs = places
        .iter()
        .map(|place| quote(&format!("/var/log/glusterfs/bricks/{}.log", place.path.trim_start_matches('/').replace('/', "-"))));
    format!("tail -q -n 5 -- {} >&2 || :", logs.collect::<Vec<_>>().join(" "))
}

fn served_bricks(volume: &Volume, places: &[&BrickPlace<'_>]) -> Resource {
    let name = quote(volume.name.as_str());
    let bricks: Vec<_> = places.iter().map(|place| quote(&place.path)).collect();
    let served = format!(
        r#"served() {{ for brick in {}; do pgrep -f -- "--brick-name $brick( |\$)" >/dev/null || return 1; done; }}
"#,
        bricks.join(" ")
    );
    let lost: String = places.iter().filter_map(|place| lost(place)).collect();
    let whole: String = places
        .iter()
        .filter(|place| disk_of(place).is_some())
        .map(|place| format!("! damaged {} || exit 1\n", quote(&place.path)))
        .collect();
    let what = quote(&format!("the bricks of the volume {} to be served", volume.name));
    let command = want::Command {
        run: &format!(
            r#"{PRELUDE}{GLUSTER}{DAMAGED}{served}{lost}gluster_try volume start {name} force
(until_true {PATIENCE} {what} served) || {{ {logs}; exit 1; }}
"#,
            logs = logs(places)
        ),
        check: &format!("{DAMAGED}{served}served || exit 1\n{whole}"),
        guard: ":",
        undo: Undo::Impossible("what serves the bricks stops with the volume"),
    };
    want::command(&self::name(volume), command).flapping()
}
