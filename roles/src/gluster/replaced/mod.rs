//! The bricks of a disk that is replaced join their volumes again, and get all files.
//!
//! A new brick is empty, and Gluster serves none that does not bear its volume's id. The command that puts the id there also
//! notes on the other copies that this one lacks everything. Until both are done the file system bears a mark.

use regionctl_engine::want::{self, Command, Undo};
use regionctl_engine::{GLUSTER, PRELUDE};
use regionctl_inventory::{BrickPlace, Volume};
use regionctl_plan::{Id, Resource, quote};

use super::{heal, online};
use crate::{Host, Wanted};

const JOIN: &str = include_str!("join.sh");

/// How long is waited for all copies, in seconds: a disk of 20 TB takes most of a day.
const PATIENCE: u32 = 3 * 24 * 3600;

/// Nothing, unless a disk of this host is replaced.
pub fn wants(host: &Host<'_>) -> Wanted {
    let Some((replaced, lost)) = host.replaced.and_then(|replaced| Some((replaced, replaced.find(host.region)?))) else {
        return Wanted::new();
    };
    if lost.server.name != host.server.name {
        return Wanted::new();
    }
    let joins = lost.bricks.iter().map(|(volume, place)| join(volume, place, &replaced.guard(volume, place, host.region)));
    let complete = lost.bricks.iter().map(|(volume, place)| complete(volume, place));
    Wanted::new().then_all(joins).then_all(complete)
}

/// The name of what says that a brick is its volume's.
pub fn joined(volume: &Volume, place: &BrickPlace<'_>) -> Id {
    Id::new("command", format!("{} is a brick of {}", place.path, volume.name))
}

fn join(volume: &Volume, place: &BrickPlace<'_>, guard: &str) -> Resource {
    let (name, path, point) = (quote(volume.name.as_str()), quote(&place.path), quote(&place.mount_point));
    let brick = quote(&format!("{}:{}", place.server.name, place.path));
    let check = format!("{JOIN}joined {name} {path} {point}\n");
    let run = format!(
        r#"{PRELUDE}{GLUSTER}{JOIN}
marked {point} || [ -z "$(ls -A -- {path})" ] || fail {path} holds files and is not a brick of {name}: it is not overwritten
setfattr -n "$MARK" -v {name} -- {point}
gluster_try volume reset-brick {name} {brick} start
gluster_try volume reset-brick {name} {brick} {brick} commit force
setfattr -x "$MARK" -- {point}
"#
    );
    let undo = Undo::Impossible("the brick stays in its volume");
    let command = Command { run: &run, check: &check, guard, undo };
    want::once(&joined(volume, place).name, command, &[copied(volume), online::served(volume), heal::healed(volume)])
}

/// The name of what says that the new brick has everything.
fn copied(volume: &Volume) -> Id {
    Id::new("command", format!("everything in {} is copied", volume.name))
}

/// A brick that was let go and turned out to be good was stopped, and is started here.
///
/// It comes before what says that the bricks are served, for which the other servers wait before they look at their copies.
fn complete(volume: &Volume, place: &BrickPlace<'_>) -> Resource {
    let name = quote(volume.name.as_str());
    let left = format!(
        r#"left() {{
  timeout -k 5 120 gluster --mode=script volume heal {name} statistics heal-count 2>/dev/null |
    awk '/not connected/ {{ away = 1 }} /^Brick / {{ bricks++ }} /^Number of entries: [0-9]+$/ {{ told++; n += $NF }} END {{ if (!away && bricks && bricks == told) print n + 0 }}'
}}
"#
    );
    let run = format!(
        "{}{GLUSTER}{left}gluster_try volume start {name} force\nwait_for_copies {name} {PATIENCE} left\n",
        heal::waiting([place])
    );
    let check = format!("{left}{}[ \"$(left)\" = 0 ] || nothing_to_heal {name} 10\n", heal::INFO);
    let undo = Undo::Impossible("copies that are up to date stay so");
    let command = Command { run: &run, check: &check, guard: ":", undo };
    want::once(&copied(volume).name, command, &[online::served(volume), heal::healed(volume)])
}
