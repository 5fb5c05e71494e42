//! Kind `lvm_group`: an LVM volume group. The name is the group's.
//!
//! Field: `devices`, the paths of its physical volumes, in order of name; links such as those in `/dev/disk/by-id` are followed.
//! A device joins only if it is blank: the target looks again just before. None is taken out, because that would move data.

use std::collections::BTreeSet;

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::blank::BLANK;
use super::data;
use super::lvm::LVM;
use super::{list, words};
use crate::kind::{Kind, Refusal, Rows};

/// See the module.
pub struct Group;

impl Kind for Group {
    fn name(&self) -> &'static str {
        "lvm_group"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let devices: BTreeSet<_> = resources.iter().flat_map(|r| list(r.want.as_ref(), "devices")).collect();
        format!(
            r#"{LVM}
for device in {}; do [ ! -e "$device" ] || row "$device" is "$(readlink -f -- "$device")"; done
! command -v vgs >/dev/null || vgs --noheadings -o vg_name,pv_name 2>/dev/null | while read -r group device; do
  case "$device" in /*) device=$(readlink -f -- "$device") ;; esac
  row "$group" member "$device"
done
"#,
            words(devices)
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let wanted = list(resource.want.as_ref(), "devices");
        let as_wanted = |member: &String| {
            let same = wanted.iter().find(|device| rows.get(device, "is") == Some(member));
            same.map_or_else(|| member.clone(), |device| (*device).to_owned())
        };
        let members: BTreeSet<_> = rows.all(&resource.id.name, "member").iter().map(as_wanted).collect();
        let members: Vec<_> = members.into_iter().collect();
        (!members.is_empty()).then(|| Fields::from([("devices".into(), members.into())]))
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        data::no_undo(resource)
    }

    fn refuses(&self, change: &Change) -> Option<Refusal> {
        let (Some(want), true) = (change.after(), change.action != Action::Return) else { return None };
        let wanted = list(Some(want), "devices");
        let leaves = list(change.before.as_ref(), "devices").into_iter().find(|device| !wanted.contains(device))?;
        Some(Refusal::never(format!("{leaves} is in the group {} and is not taken out", change.id().name)))
    }

    fn guard(&self, change: &Change) -> String {
        let (Some(want), true) = (change.after(), change.action != Action::Return) else { return String::new() };
        let wanted = list(Some(want), "devices");
        let group = quote(&change.id().name);
        // A volume that no group uses may be of a group whose other devices are away.
        format!(
            r#"{BLANK}{LVM}
for device in {}; do
  must_be_blank "$device" LVM2_member
  device=$(readlink -f -- "$device")
  found=$(reported pvs -o vg_name -- "$device") || found=
  [ -z "$found" ] || [ "$found" = {group} ] || fail "$device belongs to the group $found"
  [ -n "$found" ] || [ -z "$(reported pvs -o pv_in_use -- "$device")" ] || fail "$device belongs to a group that is not complete"
done
"#,
            words(wanted)
        )
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(LVM.to_owned(), |script, change| script + &apply_one(change))
    }
}

fn apply_one(change: &Change) -> String {
    let group = quote(&change.id().name);
    let there = format!("vgs -- {group} >/dev/null 2>&1");
    if change.action == Action::Return {
        let stop = if change.after().is_none() { format!("vgchange -qq -an -- {group}") } else { ":".to_owned() };
        let left = data::left(&change.resource, &format!("the group {group} with its volumes"));
        return format!("if {there}; then\n  {stop}\n  {left}\nfi\n");
    }
    format!(
        r#"for device in {}; do
  device=$(readlink -f -- "$device")
  [ "$(reported pvs -o vg_name -- "$device")" != {group} ] || continue
  if {there}; then vgextend -qq -- {group} "$device"; else vgcreate -qq -- {group} "$device"; fi
done
"#,
        words(list(change.after(), "devices"))
    )
}
