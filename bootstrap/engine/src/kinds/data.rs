//! Data on disks: it stays when all else goes back, unless its disk is to be wiped.

use std::collections::BTreeSet;

use regionctl_plan::{LedgerEntry, Resource};

use super::list;

const STAYS: &str = "data on a disk is only removed by `reset --wipe SERVER:DISK`";
const GOES: &str = "all data on the disk is destroyed";

/// The place in the ledger of what joined it only to be wiped.
pub const NOT_OURS: u64 = 0;
/// Parameter of the disk that is wiped.
pub(super) const WIPE: &str = "wipe";
/// Parameter of what lies on it.
const ON_WIPED: &str = "on_wiped";

/// Why data cannot be taken back. The same for every kind that keeps some.
pub(super) fn no_undo(resource: &Resource) -> Option<String> {
    Some(if is_wiped(resource) { GOES } else { STAYS }.to_owned())
}

/// Shell that says what is left, unless it is on a disk that is wiped after this. The words are quoted.
pub(super) fn left(resource: &Resource, what: &str) -> String {
    if is_wiped(resource) { ":".into() } else { format!("echo left: {what}") }
}

/// True for a disk that is to be wiped, and for what lies on it.
pub fn is_wiped(resource: &Resource) -> bool {
    [WIPE, ON_WIPED].iter().any(|param| resource.params.contains_key(*param))
}

/// Marks a disk whose data goes when everything goes back, and what is ours on it. A file system that was found and not made
/// is in no ledger, so it joins the layer that goes back last: by then nothing of ours uses the disk.
pub fn wipe(ledger: &mut Vec<LedgerEntry>, layer: &str, device: &str) {
    mark_on(ledger, device);
    let of_disk = |entry: &&mut LedgerEntry| entry.resource.id.kind == "filesystem" && entry.resource.id.name == device;
    if let Some(entry) = ledger.iter_mut().find(of_disk) {
        entry.resource.params.insert(WIPE.into(), true.into());
        return;
    }
    let resource = Resource::present("filesystem", device).param(WIPE, true);
    ledger.push(LedgerEntry { order: NOT_OURS, resource, layer: layer.to_owned(), original: None });
}

/// Encryption, volume groups, volumes, file systems, mounts and bricks, each on what is below it.
fn mark_on(ledger: &mut [LedgerEntry], device: &str) {
    let mut places = BTreeSet::from([device.to_owned()]);
    loop {
        let before = places.len();
        for LedgerEntry { resource, .. } in ledger.iter_mut() {
            let name = resource.id.name.as_str();
            let below = |field: &str| resource.text(field).is_some_and(|place| places.contains(place));
            let (on, place) = match resource.id.kind.as_str() {
                "luks" => (below("device"), format!("/dev/mapper/{name}")),
                "lvm_group" => {
                    let devices = list(resource.want.as_ref(), "devices");
                    (devices.iter().any(|device| places.contains(*device)), format!("/dev/{name}"))
                }
                "lvm_volume" => {
                    (above(name).is_some_and(|group| places.contains(&format!("/dev/{group}"))), format!("/dev/{name}"))
                }
                "filesystem" => (places.contains(name), format!("LABEL={}", resource.text("label").unwrap_or_default())),
                "mount" => (below("source"), name.to_owned()),
                "gluster_brick" => (above(name).is_some_and(|point| places.contains(point)), name.to_owned()),
                _ => continue,
            };
            if on {
                places.insert(place);
                if resource.id.kind != "mount" {
                    resource.params.insert(ON_WIPED.into(), true.into());
                }
            }
        }
        if places.len() == before {
            return;
        }
    }
}

fn above(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(above, _)| above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::want;

    #[test]
    fn what_lies_on_a_wiped_disk_goes_with_it_and_nothing_else() {
        let stack = |disk: &str| {
            let (luks, group, label) = (format!("luks-{disk}"), disk.to_owned(), format!("LABEL={disk}"));
            let (volume, point) = (format!("/dev/{disk}/brick"), format!("/srv/bricks/{disk}"));
            vec![
                want::luks(&luks, &format!("/dev/{disk}"), "key"),
                want::lvm_group(&group, [format!("/dev/mapper/{luks}").as_str()]),
                want::lvm_volume(disk, "brick", 1 << 30),
                want::filesystem(&volume, "xfs", disk),
                want::mount(&point, &label, "xfs", "defaults"),
                want::gluster_brick(&format!("{point}/data")),
            ]
        };
        let ours = [stack("sdb"), stack("sdc")].concat().into_iter().rev();
        let entry = |(order, resource)| LedgerEntry { order, resource, layer: "disks".into(), original: None };
        let mut ledger: Vec<_> = (1..).zip(ours).map(entry).collect();
        wipe(&mut ledger, "base", "/dev/sdb");
        let kinds = |wanted: bool| {
            let resources = ledger.iter().map(|entry| &entry.resource).filter(move |resource| is_wiped(resource) == wanted);
            resources.map(|resource| resource.id.to_string()).collect::<BTreeSet<_>>()
        };
        let wiped = ["luks:luks-sdb", "lvm_group:sdb", "lvm_volume:sdb/brick", "filesystem:/dev/sdb/brick"];
        let wiped = wiped.into_iter().chain(["gluster_brick:/srv/bricks/sdb/data", "filesystem:/dev/sdb"]);
        assert_eq!(kinds(true), wiped.map(str::to_owned).collect());
        assert!(kinds(false).contains("mount:/srv/bricks/sdb") && kinds(false).contains("luks:luks-sdc"));
        let text = |id: &str| ledger.iter().find(|entry| entry.resource.id.to_string() == id).and_then(|e| no_undo(&e.resource));
        assert_eq!(text("luks:luks-sdb").as_deref(), Some(GOES));
        assert_eq!(text("luks:luks-sdc").as_deref(), Some(STAYS));
    }
}
