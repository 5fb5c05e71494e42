//! A disk that failed is let go, so that a new one can take its place: only where the other copies are whole.
//!
//! All of it is wanted only by a run that replaces the disk. The conditions are looked at on the servers of its volumes, and a
//! plan is forbidden where one does not hold; what is let go is then made by the roles that always make it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use regionctl_engine::want::{self, Command, Condition, Undo};
use regionctl_engine::{BLANK, GLUSTER, PRELUDE, WIPE};
use regionctl_inventory::{BrickPlace, Disk, DiskLayout, Region, Server, Volume};
use regionctl_plan::{Id, Resource, quote};

use super::lvm::POOL;
use super::places::{brick_device, brick_volume, is_encrypted, mapper};
use crate::gluster::online::DAMAGED;
use crate::gluster::{bricks, replaced as joined};
use crate::{Host, Wanted};

/// The finding of a brick that is not served.
const AWAY: &str = "brick-away";

/// How long Gluster is asked whether all bricks are served, in seconds.
const PATIENCE: u32 = 20;

const DEVICES: &str = include_str!("devices.sh");
const LET_GO: &str = include_str!("let_go.sh");

/// Defines `identity DEVICE`, which prints what [`Replaced::wiped`] compares; nothing for a blank device.
pub const IDENTITY: &str = include_str!("identity.sh");

/// A disk whose bricks are to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Its server.
    pub server: String,
    /// Its name there.
    pub disk: String,
    /// The [identity](IDENTITY) of what is on it and is to be destroyed; `None`: nothing is.
    pub wiped: Option<String>,
    /// The names of conditions that need not hold.
    pub allowed: Vec<String>,
}

/// A disk that is replaced, with every name resolved.
pub struct Lost<'a> {
    /// Its server.
    pub server: &'a Server,
    /// The disk.
    pub disk: &'a Disk,
    /// The bricks on it, with their volumes.
    pub bricks: Vec<(&'a Volume, BrickPlace<'a>)>,
}

impl Replaced {
    /// True if what the finding of this name says has to hold.
    fn insists(&self, finding: &str) -> bool {
        !self.allowed.iter().any(|allowed| allowed == finding)
    }

    fn conditions(&self, all: impl IntoIterator<Item = Resource>) -> Vec<Resource> {
        let insisted = |resource: &Resource| resource.text_param(Resource::FINDING).is_some_and(|finding| self.insists(finding));
        all.into_iter().filter(insisted).collect()
    }

    /// Shell that fails unless all other bricks of the volume are served: the target looks again just before.
    pub fn guard(&self, volume: &Volume, lost: &BrickPlace<'_>, region: &Region) -> String {
        if !self.insists(AWAY) {
            return ":\n".to_owned();
        }
        let message = format!("another brick of the volume {} is not served", volume.name);
        format!("{PRELUDE}{}others_served || fail {}\n", others_served(volume, lost, region), quote(&message))
    }

    /// The disk in a region; `None` if the region has none of this name.
    pub fn find<'a>(&self, region: &'a Region) -> Option<Lost<'a>> {
        let server = region.server(&self.server)?;
        let disk = server.disk(&self.disk)?;
        Some(Lost { server, disk, bricks: region.bricks_on_disk(server, disk).collect() })
    }
}

impl Lost<'_> {
    /// The servers that have a brick of one of its volumes, itself among them.
    pub fn servers(&self, region: &Region) -> BTreeSet<String> {
        let places = self.bricks.iter().flat_map(|(volume, _)| volume.brick_places(region));
        places.map(|place| place.server.name.to_string()).collect()
    }

    /// `/dev/disk/by-id/nvme-one` as a word of a shell.
    fn device(&self) -> String {
        quote(self.disk.device.as_str())
    }
}

/// Nothing, unless a disk is replaced.
pub fn wants(host: &Host<'_>) -> Wanted {
    let Some((replaced, lost)) = host.replaced.and_then(|replaced| Some((replaced, replaced.find(host.region)?))) else {
        return Wanted::new();
    };
    if lost.server.name != host.server.name {
        let others = lost.bricks.iter().flat_map(|(volume, place)| others(host, volume, place));
        return Wanted::new().then_all(replaced.conditions(others));
    }
    let blank = replaced.wiped.is_none().then(|| blank(host, &lost));
    let needed = lost.bricks.iter().map(|(volume, place)| not_needed(volume, place, &brick_device(host, volume, lost.disk)));
    let whole = lost.bricks.iter().filter(|_| replaced.wiped.is_none()).map(|(_, place)| whole(place));
    let conditions = [present(&lost)].into_iter().chain(blank).chain(whole).chain(needed);
    Wanted::new().then_all(replaced.conditions(conditions)).then(let_go(host, &lost, replaced))
}

fn present(lost: &Lost<'_>) -> Resource {
    let device = &lost.disk.device;
    want::condition(&Condition {
        name: "the new disk is there",
        check: &format!("[ \"$(dd if={} bs=4096 count=1 iflag=fullblock,direct | wc -c)\" = 4096 ]", lost.device()),
        finding: "disk-absent",
        message: &format!("there is no disk at `{device}`, or it cannot be read"),
        hint: "put the new disk in; if it has another name, write it in the inventory",
    })
}

fn blank(host: &Host<'_>, lost: &Lost<'_>) -> Resource {
    let (device, name) = (lost.device(), &lost.disk.device);
    let (sort, brick) = match (is_encrypted(host, lost.disk), lost.disk.layout, lost.bricks.first()) {
        (true, ..) => ("crypto_LUKS".to_owned(), None),
        (false, DiskLayout::Plain, Some((_, place))) => (place.filesystem.to_string(), Some(place)),
        (false, ..) => ("LVM2_member".to_owned(), None),
    };
    let labelled = brick.map(|place| {
        let label = quote(&bricks::label(place));
        format!("[ -z \"$_found\" ] || [ \"$(blkid -p -o value -s LABEL -- {device})\" = {label} ]\n")
    });
    // What was mounted of the disk before is let go.
    let folder = brick.map(|place| format!(" {}", quote(&place.mount_point))).unwrap_or_default();
    want::condition(&Condition {
        name: "the new disk is blank, or ours",
        check: &format!(
            "fail() {{ exit 1; }}\n{BLANK}must_be_blank {device} {}{folder}\n{}",
            quote(&sort),
            labelled.unwrap_or_default()
        ),
        finding: "disk-not-blank",
        message: &format!("`{name}` holds something that regionctl did not make for its bricks"),
        hint: "`lsblk -f` on the server shows it; if nothing on it is needed, `--wipe` destroys it",
    })
}

/// A brick that is damaged looks like one that is in its place.
fn whole(place: &BrickPlace<'_>) -> Resource {
    let path = &place.path;
    want::condition(&Condition {
        name: &format!("{path} is not damaged"),
        check: &format!("{DAMAGED}! damaged {}\n", quote(path)),
        finding: "brick-damaged",
        message: &format!(
            "the brick `{path}` has lost what Gluster keeps in its `.glusterfs`: its files are not served, and not healed"
        ),
        hint: "`--wipe` destroys what is left on the disk and copies everything back",
    })
}

/// The disk that goes has nothing that other copies lack, as far as it can still be read.
fn not_needed(volume: &Volume, lost: &BrickPlace<'_>, device: &str) -> Resource {
    let at = format!("{} {}", quote(&lost.mount_point), quote(device));
    let notes = format!("{}/.glusterfs/indices/xattrop", lost.path);
    behind(
        &format!("no other copy of {} is behind {}", volume.name, lost.path),
        &format!("{DEVICES}[ -d {} ] || exit 0\nif dead {at}; then exit 0; fi\nid=none\n", quote(&notes)),
        volume,
        lost,
    )
}

/// On a server with other bricks of the volume: they are served, and their own notes of what is behind name no brick but this.
fn others(host: &Host<'_>, volume: &Volume, lost: &BrickPlace<'_>) -> Vec<Resource> {
    let here = |place: &BrickPlace<'_>| place.server.name == host.server.name;
    let served = volume.brick_places(host.region).into_iter().filter(here).map(|place| {
        want::condition(&Condition {
            name: &format!("{} is served while another brick is away", place.path),
            check: &format!("pgrep -f -- \"--brick-name \"{}'( |$)'\n", quote(&place.path)),
            finding: AWAY,
            message: &format!(
                "the brick `{}` of the volume `{}` is not served: the other one may be needed",
                place.path, volume.name
            ),
            hint: "`regionctl install` starts what can be started; `gluster volume status` shows the bricks",
        })
    });
    let sets = volume.brick_sets(host.region).into_iter().filter(|set| set.bricks.contains(lost));
    let info = format!("/var/lib/glusterd/vols/{}/bricks/{}:{}", volume.name, lost.server.name, lost.path.replace('/', "-"));
    let id = format!("id=$(sed -n 's/^brick-id=//p' {})\n[ -n \"$id\" ]\n", quote(&info));
    let behind = sets
        .flat_map(|set| set.bricks)
        .filter(here)
        .map(|place| behind(&format!("no other copy of {} is behind {}", volume.name, place.path), &id, volume, &place));
    served.chain(behind).collect()
}

/// A brick notes which others lack what it has; `id` is shell that sets the name of the one brick that may.
fn behind(name: &str, id: &str, volume: &Volume, place: &BrickPlace<'_>) -> Resource {
    let check = format!(
        r#"{id}cd {}/.glusterfs
ls indices/xattrop | sed -n 's,^\(..\)\(..\)\(....-.*\)$,\1/\2/\1\2\3,p' |
  xargs -r getfattr -d -m '^trusted\.afr\..*-client-' -e hex 2>/dev/null |
  awk -F= -v lost="trusted.afr.$id" '/^trusted/ && $1 != lost && $2 !~ /^0x0*$/ {{ behind = 1 }} END {{ exit behind }}'
"#,
        quote(&place.path)
    );
    let message = format!("the brick `{}` of the volume `{}` has something that another copy lacks", place.path, volume.name);
    want::condition(&Condition {
        name,
        check: &check,
        finding: "copy-behind",
        message: &message,
        hint: "`regionctl status` shows how much is to be healed, or in split-brain; run again when that is settled",
    })
}

/// Shell that defines `others_served`. It tries again while Gluster is busy.
fn others_served(volume: &Volume, lost: &BrickPlace<'_>, region: &Region) -> String {
    let others = volume.brick_places(region).into_iter().filter(|place| place != lost);
    let others: Vec<_> = others.map(|place| format!("{}:{}", place.server.name, place.path)).collect();
    format!(
        r#"others_served() {{
  end=$(($(seconds) + {PATIENCE}))
  until timeout -k 5 {PATIENCE} gluster --mode=script volume status {} --xml 2>/dev/null | awk -F '[<>]' -v others={} '
    BEGIN {{ n = split(others, list, " "); for (i = 1; i <= n; i++) away[list[i]] = 1 }}
    $2 == "hostname" {{ host = $3 }}
    $2 == "path" {{ path = $3 }}
    $2 == "status" && $3 == 1 {{ delete away[host ":" path] }}
    END {{ for (brick in away) exit 1 }}'
  do
    [ "$(seconds)" -lt "$end" ] || return 1
    heed
    sleep 1
  done
}}
"#,
        quote(volume.name.as_str()),
        quote(&others.join(" "))
    )
}

fn let_go(host: &Host<'_>, lost: &Lost<'_>, replaced: &Replaced) -> Resource {
    let wiped = replaced.wiped.as_deref();
    let device = lost.device();
    let names = format!("{} {}", quote(&mapper(lost.disk)), quote(lost.disk.name.as_str()));
    let (mut check, mut run) = (DEVICES.to_owned(), format!("{PRELUDE}{GLUSTER}{WIPE}{DEVICES}{LET_GO}"));
    for (volume, place) in &lost.bricks {
        let at = format!("{} {}", quote(&place.mount_point), quote(&brick_device(host, volume, lost.disk)));
        let words = [volume.name.as_str(), place.server.name.as_str(), &place.path].map(quote).join(" ");
        let goes = if wiped.is_some() { "true".to_owned() } else { format!("dead {at}") };
        check += &format!("if dead {at}; then exit 1; fi\n");
        run += &format!("if {goes}; then stop_brick {words}; unmount {at}; fi\n");
    }
    check += &format!("[ -z \"$(dead_mappers {names})\" ]\n");
    let undo = match wiped {
        Some(identity) => {
            let gone = format!("[ \"$(identity {device})\" != {} ]", quote(identity));
            check += &format!("{IDENTITY}{gone}\n");
            run += &format!("close_mappers {names}\n{IDENTITY}{gone} || wipe {device}\n");
            "all data on the disk is destroyed"
        }
        None => {
            run += &format!("[ -z \"$(dead_mappers {names})\" ] || close_mappers {names}\n");
            "what the disk held cannot be used any more"
        }
    };
    let guards: String = lost.bricks.iter().map(|(volume, place)| replaced.guard(volume, place, host.region)).collect();
    let command = Command { run: &run, check: &check, guard: &guards, undo: Undo::Impossible(undo) };
    let name = match wiped {
        Some(identity) => format!("the disk {} is wiped of {identity}", lost.disk.name),
        None => format!("what failed of the disk {} is let go", lost.disk.name),
    };
    want::once(&name, command, &on_disk(host, lost))
}

/// Everything that is made on the disk.
fn on_disk(host: &Host<'_>, lost: &Lost<'_>) -> Vec<Id> {
    let disk = lost.disk;
    let mut ids = Vec::new();
    if is_encrypted(host, disk) {
        ids.push(Id::new("luks", mapper(disk)));
        ids.push(Id::new("luks_binding", disk.device.as_str()));
    }
    if disk.layout != DiskLayout::Plain {
        ids.push(Id::new("lvm_group", disk.name.as_str()));
    }
    match disk.layout {
        DiskLayout::Plain => {}
        DiskLayout::Lvm => {
            ids.extend(
                lost.bricks.iter().map(|(volume, _)| Id::new("lvm_volume", format!("{}/{}", disk.name, brick_volume(volume)))),
            );
        }
        DiskLayout::LvmThin => ids.push(Id::new("lvm_volume", format!("{}/{POOL}", disk.name))),
    }
    for (volume, place) in &lost.bricks {
        ids.push(Id::new("filesystem", brick_device(host, volume, disk)));
        ids.push(Id::new("mount", &place.mount_point));
        ids.push(Id::new("gluster_brick", &place.path));
        ids.push(joined::joined(volume, place));
    }
    ids
}
