//! Kind `filesystem`: a file system on a device or in a file. The name is the path of either.
//!
//! Fields: `type` (`xfs` or `ext4`), `label`. It is made only on what is blank: the target looks again just before. Something
//! else that is there is shown as its type, such as `ext4` or `gpt partition table`, and is never overwritten.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::blank::{BLANK, WIPE};
use super::data;
use super::{text, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Filesystem;

impl Kind for Filesystem {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        format!(
            r#"for path in {}; do
  [ -e "$path" ] || continue
  blkid -p -o export -s TYPE -s LABEL -s PTTYPE -- "$path" 2>/dev/null | while IFS= read -r line; do row "$path" "${{line%%=*}}" "${{line#*=}}"; done
done
"#,
            words(resources.iter().map(|r| &r.id.name))
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let get = |field| rows.get(&resource.id.name, field);
        let sort = get("TYPE").map(str::to_owned).or_else(|| Some(format!("{} partition table", get("PTTYPE")?)))?;
        // With `-o export` blkid writes what a shell would not take with a backslash before it.
        let label = get("LABEL").unwrap_or_default().replace('\\', "");
        Some(Fields::from([("type".into(), sort.into()), ("label".into(), label.into())]))
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        data::no_undo(resource)
    }

    fn guard(&self, change: &Change) -> String {
        let (path, Some(want), true) = (&change.id().name, text(change.after(), "type"), change.action != Action::Return) else {
            return String::new();
        };
        format!("{BLANK}must_be_blank {} {}\n", quote(path), quote(want))
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

fn apply_one(change: &Change) -> String {
    let path = quote(&change.id().name);
    let Some(sort) = text(change.after(), "type") else {
        if change.resource.params.contains_key(data::WIPE) {
            return format!("{WIPE}wipe {path}\n");
        }
        let left = data::left(&change.resource, &format!("{path} with its file system"));
        return format!("[ ! -e {path} ] || {left}\n");
    };
    let label = text(change.after(), "label").map(quote);
    let option = label.as_ref().map(|label| format!(" -L {label}")).unwrap_or_default();
    let make = match (change.action, sort) {
        (Action::Return, _) => format!("echo left: {path}, which holds no file system any more"),
        (_, "xfs") => format!("mkfs.xfs -q{option} -- {path}"),
        (_, "ext4") => format!("mkfs.ext4 -q{option} -- {path}"),
        _ => format!("fail {} is not a file system that can be made", quote(sort)),
    };
    let relabel = match (&label, sort) {
        (None, _) => ":".to_owned(),
        (Some(label), "xfs") => format!(
            r#"if [ -n "$at" ]; then xfs_io -c 'label -s '{label} -- "$(printf '%b' "$at")"; else xfs_admin -L {label} -- "$device"; fi"#
        ),
        (Some(label), _) => format!("e2label \"$device\" {label}"),
    };
    // A file may be in use through a loop device, and its file system mounted.
    format!(
        r#"have=$(blkid -p -o value -s TYPE -- {path}) || :
if [ -z "$have" ]; then {make}
elif [ "$(blkid -p -o value -s LABEL -- {path} || :)" != {} ]; then
  device=$(losetup -nO NAME -j {path} 2>/dev/null | head -n1)
  [ -n "$device" ] || device={path}
  device=$(readlink -f -- "$device")
  at=$(findmnt -nfro TARGET -S "$device") || at=
  {relabel} >/dev/null
fi
[ ! -e {path} ] || sync -- {path}
"#,
        label.as_deref().unwrap_or("''")
    )
}
