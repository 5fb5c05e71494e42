//! Every copy is up to date.

use std::collections::BTreeSet;

use regionctl_engine::want::{self, Undo};
use regionctl_inventory::{BrickPlace, Region, Volume};
use regionctl_plan::{Id, Resource, quote};

use super::online;
use super::places::{bricks_on, coordinator, is_coordinator};
use super::volumes::ready;
use crate::{Host, Wanted};

/// How long is waited for the copies, in seconds.
const PATIENCE: u32 = 3600;

/// `ask VOLUME` in a loop, while copies are behind.
pub(super) const ASK: &str = include_str!("ask.sh");

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
    let pending = format!(
        r#"pending() {{
  for brick in {}; do
    for entry in "$brick"/.glusterfs/indices/xattrop/*; do
      case "${{entry##*/}}" in xattrop-* | '*') ;; *) echo "${{entry##*/}}" ;; esac
    done
  done
}}
"#,
        bricks.join(" ")
    );
    let command = want::Command {
        run: &format!(
            r#"{pending}{ASK}end=$(($(date +%s) + {PATIENCE}))
while [ -n "$(pending)" ]; do
  ask {name}
  if [ "$(date +%s)" -ge "$end" ]; then
    echo "$(pending | wc -l) files of the volume "{name}" are not healed after {PATIENCE} s; see: gluster volume heal "{name}" info" >&2
    exit 1
  fi
  sleep 1
done
"#
        ),
        check: &format!("{pending}[ -z \"$(pending)\" ]"),
        guard: &format!(
            r#"if gluster --mode=script volume status {name} 2>/dev/null | awk '$1 == "Brick" && $(NF - 1) == "N" {{ down = 1 }} END {{ exit !down }}'; then
  echo "a brick of the volume "{name}" is down: copies on it cannot be brought up to date" >&2
  exit 1
fi
"#
        ),
        undo: Undo::Impossible("copies that are up to date stay so"),
    };
    want::command(&healed(volume).name, command)
}
