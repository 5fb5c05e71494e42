//! Kind `group`: a local group. The name is the group's.
//!
//! Field: `gid`, where it matters. Parameter `system` (true): a number below 1000 when it is made.

use regionctl_plan::{Change, Fields, Resource, quote};
use serde_json::Value;

use super::user::{ENTRIES, KEEP_BACKUPS, RESTORE_BACKUPS};
use super::{number, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Group;

impl Kind for Group {
    fn name(&self) -> &'static str {
        "group"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names = words(resources.iter().map(|r| &r.id.name));
        format!("getent group -- {names} | while IFS=: read -r name _ gid _; do row \"$name\" gid \"$gid\"; done\n")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let gid: u64 = rows.get(&resource.id.name, "gid")?.parse().ok()?;
        Some(Fields::from([("gid".into(), gid.into())]))
    }

    fn keep(&self, _resource: &Resource) -> String {
        KEEP_BACKUPS.to_owned()
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        ["/etc/group", "/etc/gshadow"].map(str::to_owned).into()
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

fn apply_one(change: &Change) -> String {
    let name = quote(&change.id().name);
    let exists = format!("getent group -- {name} >/dev/null");
    let Some(want) = change.after() else {
        return format!("! {exists} || groupdel -- {name}\n{RESTORE_BACKUPS}");
    };
    let gid = number(Some(want), "gid");
    let option = gid.map(|gid| format!(" -g {gid}")).unwrap_or_default();
    let system = if change.resource.params.get("system") == Some(&Value::Bool(true)) { " -r" } else { "" };
    let mend = gid
        .map_or_else(|| ":".to_owned(), |gid| format!("[ \"$(entry group {name} 3)\" = {gid} ] || groupmod -g {gid} -- {name}"));
    let restore = if change.action == regionctl_plan::Action::Return { RESTORE_BACKUPS } else { "" };
    format!("{ENTRIES}if {exists}; then {mend}; else groupadd{option}{system} -- {name}; fi\n{restore}")
}
