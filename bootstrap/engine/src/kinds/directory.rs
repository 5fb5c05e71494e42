//! Kind `directory`: a folder. The name is its absolute path.
//!
//! Fields: `mode` (octal, four digits), `owner`, `group` (names). A thing at the path that is not a folder is shown as the
//! field `type`. Missing parents are made, and go with it; a folder that is not empty is left and named.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::EDIT;
use super::{text, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Directory;

impl Kind for Directory {
    fn name(&self) -> &'static str {
        "directory"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let paths = words(resources.iter().map(|r| &r.id.name));
        format!("stat --printf '%n\\tstat\\t%a %U %G %F\\n' -- {paths} 2>/dev/null || :\n")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let mut parts = rows.get(&resource.id.name, "stat")?.splitn(4, ' ');
        let (mode, owner, group, sort) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if sort != "directory" {
            return Some(Fields::from([("type".into(), sort.into())]));
        }
        Some(Fields::from([
            ("mode".into(), format!("{mode:0>4}").into()),
            ("owner".into(), owner.into()),
            ("group".into(), group.into()),
        ]))
    }

    fn writes(&self, resource: &Resource) -> Vec<String> {
        resource.id.name.rsplit_once('/').map(|(parent, _)| format!("{parent}/")).into_iter().collect()
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }
}

fn apply_one(change: &Change) -> String {
    let path = quote(&change.id().name);
    let want = change.after();
    if want.is_none() {
        return format!(
            r#"if [ ! -d {path} ] || rmdir -- {path} 2>/dev/null; then unmake "$(dirname -- {path})"; else echo left: {path} is not empty; fi
"#
        );
    }
    if text(want, "type").is_some() {
        return format!("echo left: {path} was not a folder\n");
    }
    let mut script = format!("make_dirs \"$(dirname -- {path})\"\n[ -d {path} ] || mkdir -- {path}\n");
    for (field, tool, list) in [("owner", "chown", "passwd"), ("group", "chgrp", "group")] {
        if let Some(name) = text(want, field).map(quote) {
            // Its owner may have come with a package that is gone again.
            let known =
                if change.action == Action::Return { format!("! getent {list} -- {name} >/dev/null || ") } else { String::new() };
            script += &format!("{known}{tool} {name} {path}\n");
        }
    }
    if let Some(mode) = text(want, "mode") {
        // The leading zero also clears set-group-ID, which chmod otherwise keeps on a folder.
        script += &format!("chmod {} {path}\n", quote(&format!("0{mode}")));
    }
    script
}
