//! Kind `sysctl`: a kernel setting. The name is its key, such as `net.ipv4.ip_forward`.
//!
//! Fields: `value` (what the kernel has now), `persistent` (what it will have after a boot), both texts with words separated by one
//! space; and `overridden`, the file that says another `persistent` than ours and is read after it.

use std::collections::BTreeMap;

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::{EDIT, drop_line, ere, file_lines, put_line};
use super::{normal, text, words};
use crate::kind::{Kind, Refusal, Rows};

/// Ours: one `key = value` a line.
const FILE: &str = "/etc/sysctl.d/80-regionctl.conf";

/// Where systemd-sysctl looks, by precedence: of files with one name only the first is read, and all in order of their names, whatever
/// their folder. The last value counts (sysctl.d(5)).
const FOLDERS: [&str; 4] = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];

/// See the module.
pub struct Sysctl;

impl Kind for Sysctl {
    fn name(&self) -> &'static str {
        "sysctl"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let files = FOLDERS.map(|folder| format!("{folder}/*.conf")).join(" ");
        let lines = file_lines(&format!("{} {files}", words(resources.iter().map(|r| proc_path(&r.id.name)))));
        format!("for file in {files}; do [ ! -e \"$file\" ] || row \"$file\" read yes; done\n{lines}")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let key = &resource.id.name;
        let mut have = Fields::new();
        let value = rows.all(&proc_path(key), "line");
        if !value.is_empty() && resource.want.is_some() {
            have.insert("value".into(), normal(&value.join(" ")).into());
        }
        if let Some((file, value)) = at_boot(key, rows) {
            let ours = text(resource.want.as_ref(), "persistent");
            if base(file) > base(FILE) && ours.is_some_and(|ours| ours != value) {
                have.insert("overridden".into(), file.into());
            }
            have.insert("persistent".into(), value.into());
        }
        (!have.is_empty()).then_some(have)
    }

    fn refuses(&self, change: &Change) -> Option<Refusal> {
        let by = text(change.before.as_ref(), "overridden").filter(|_| change.action != Action::Return)?;
        let (key, wanted) = (&change.id().name, text(change.after(), "persistent")?);
        let then = text(change.before.as_ref(), "persistent").unwrap_or("another");
        Some(Refusal {
            finding: "overridden",
            message: format!("`{key}` would be {then} after the next boot, and not {wanted}: `{by}` is read after our file"),
            hint: format!("take `{key}` out of `{by}`, or write `{key} = {wanted}` there"),
        })
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        vec![FILE.to_owned()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }
}

/// Dots separate, and a dot within a name, as in an interface's, is written as a slash; or the other way round, if a slash comes first.
fn proc_path(key: &str) -> String {
    let first = key.chars().find(|c| matches!(c, '.' | '/'));
    let swap = |c| match c {
        c if first == Some('/') => c,
        '.' => '/',
        '/' => '.',
        c => c,
    };
    format!("/proc/sys/{}", key.chars().map(swap).collect::<String>())
}

/// The name of a file in its folder.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The file that has the last word on a setting, and its value. Patterns count only for what no file names (sysctl.d(5)), and what
/// is asked for is named in ours.
fn at_boot<'a>(key: &str, rows: &'a Rows) -> Option<(&'a str, String)> {
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for folder in FOLDERS {
        let inside = |path: &&str| path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).is_some();
        for path in rows.names().filter(inside).filter(|path| rows.get(path, "read").is_some()) {
            files.entry(base(path)).or_insert(path);
        }
    }
    let wanted = proc_path(key);
    let says = |line: &String| {
        let (name, value) = line.trim().split_once('=')?;
        (proc_path(name.trim().trim_start_matches('-')) == wanted).then(|| normal(value))
    };
    files.values().rev().find_map(|file| Some((*file, rows.all(file, "line").iter().rev().find_map(says)?)))
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
        // What was there before stands in the files of others.
        _ if change.after().is_none() || change.action == Action::Return => script += &drop_line(FILE, &pattern),
        Some(value) => script += &put_line(FILE, &pattern, &format!("{key} = {value}")),
        None => {}
    }
    script
}
