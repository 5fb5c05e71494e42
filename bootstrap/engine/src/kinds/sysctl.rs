//! Kind `sysctl`: a kernel setting. The name is its key, such as `net.ipv4.ip_forward`.
//!
//! Fields: `value` (what the kernel has now), `persistent` (what it will have after a boot, from our file in /etc/sysctl.d);
//! both are texts with words separated by one space.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::{EDIT, drop_line, ere, file_lines, put_line};
use super::{normal, text, words};
use crate::kind::{Kind, Rows};

/// Ours: one `key = value` a line.
const FILE: &str = "/etc/sysctl.d/80-regionctl.conf";

/// See the module.
pub struct Sysctl;

impl Kind for Sysctl {
    fn name(&self) -> &'static str {
        "sysctl"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        file_lines(&words(resources.iter().map(|r| proc_path(&r.id.name)).chain([FILE.to_owned()])))
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let key = &resource.id.name;
        let mut have = Fields::new();
        let value = rows.all(&proc_path(key), "line");
        if !value.is_empty() && resource.want.is_some() {
            have.insert("value".into(), normal(&value.join(" ")).into());
        }
        let settings = rows.all(FILE, "line").iter().filter_map(|line| line.split_once('='));
        if let Some((_, value)) = settings.into_iter().find(|(name, _)| name.trim() == key) {
            have.insert("persistent".into(), normal(value).into());
        }
        (!have.is_empty()).then_some(have)
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }
}

/// Dots separate, and a dot within a name, as in an interface's, is written as a slash.
fn proc_path(key: &str) -> String {
    let swap = |c| match c {
        '.' => '/',
        '/' => '.',
        c => c,
    };
    format!("/proc/sys/{}", key.chars().map(swap).collect::<String>())
}

fn apply_one(change: &Change) -> String {
    let key = &change.id().name;
    let pattern = format!("^[[:space:]]*{}[[:space:]]*=", ere(key));
    let mut script = String::new();
    if let Some(value) = text(change.after(), "value") {
        let (path, refused) = (quote(&proc_path(key)), quote(&format!("the kernel does not take `{key} = {value}`")));
        // A setting goes with its module, or with its interface.
        let known = if change.action == Action::Return { format!("[ ! -e {path} ] || ") } else { String::new() };
        script += &format!("{known}printf '%s\\n' {} >{path} || fail {refused}\n", quote(value));
    }
    match text(change.after(), "persistent") {
        Some(value) => script += &put_line(FILE, &pattern, &format!("{key} = {value}")),
        None if change.after().is_none() || change.action == Action::Return => script += &drop_line(FILE, &pattern),
        None => {}
    }
    script
}
