//! Kind `kernel_module`: a module of the running kernel. The name is the module's; `-` and `_` are the same.
//!
//! Fields: `loaded` (true also if it is built in), `persistent` (true: our file has it loaded at boot). A module that is in
//! use is not unloaded, and is named.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::{EDIT, drop_line, ere, lines_matching, put_line};
use super::{HOST, flag, words};
use crate::kind::{Kind, Rows};

/// Ours: one module a line.
const FILE: &str = "/etc/modules-load.d/regionctl.conf";

/// See the module.
pub struct KernelModule;

impl Kind for KernelModule {
    fn name(&self) -> &'static str {
        "kernel_module"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names: Vec<_> = resources.iter().map(|r| normal(&r.id.name)).collect();
        let built_in: Vec<_> = names.iter().map(|name| format!("/{}\\.ko", either(name))).collect();
        let matching = lines_matching(&quote(&format!("{}|^[^/]*$", built_in.join("|"))), &format!("\"$builtin\" {FILE}"));
        format!(
            r#"read -r release </proc/sys/kernel/osrelease
builtin=/lib/modules/$release/modules.builtin
for name in {}; do [ ! -d "/sys/module/$name" ] || row "$name" loaded true; done
row {} builtin "$builtin"
{matching}"#,
            words(&names),
            quote(HOST)
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let name = normal(&resource.id.name);
        let built_in = rows.get(HOST, "builtin").map(|path| rows.all(path, "line")).unwrap_or_default();
        let built_in = built_in.iter().filter_map(|path| path.rsplit('/').next()?.split_once(".ko"));
        let loaded = rows.get(&name, "loaded").is_some() || built_in.into_iter().any(|(module, _)| normal(module) == name);
        let persistent = rows.all(FILE, "line").iter().any(|line| normal(line.trim()) == name);
        (loaded || persistent).then(|| Fields::from([("loaded".into(), loaded.into()), ("persistent".into(), persistent.into())]))
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        vec![FILE.to_owned()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

/// A pattern for the name with `-` and `_` alike.
fn either(name: &str) -> String {
    ere(&normal(name)).replace('_', "[-_]")
}

fn apply_one(change: &Change) -> String {
    let name = normal(&change.id().name);
    let (word, pattern) = (quote(&name), format!("^[[:space:]]*{}[[:space:]]*$", either(&name)));
    let gone = change.after().is_none().then_some(false);
    let mut script = String::new();
    match flag(change.after(), "loaded").or(gone) {
        Some(true) if change.action == Action::Return => {
            let left = quote(&format!("left: the module {name} is not there any more"));
            script += &format!("modprobe -- {word} || echo {left}\n");
        }
        Some(true) => script += &format!("modprobe -- {word}\n"),
        Some(false) => {
            let left = quote(&format!("left: the module {name} is in use or built in"));
            script += &format!("[ ! -d /sys/module/{word} ] || modprobe -r -- {word} 2>/dev/null || echo {left}\n");
        }
        None => {}
    }
    match flag(change.after(), "persistent").or(gone) {
        Some(true) => script += &put_line(FILE, &pattern, &name),
        Some(false) => script += &drop_line(FILE, &pattern),
        None => {}
    }
    script
}
