//! Kind `loop_file`: a file that stands for a disk. The name is its absolute path.
//!
//! Field: `size`, in bytes. The file is sparse and only root reads it; it is grown and never shrunk.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::data;
use super::edit::EDIT;
use super::{number, words};
use crate::kind::{Kind, Refusal, Rows};

/// See the module.
pub struct LoopFile;

impl Kind for LoopFile {
    fn name(&self) -> &'static str {
        "loop_file"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let paths = words(resources.iter().map(|r| &r.id.name));
        format!("stat --printf '%n\\tsize\\t%s\\n' -- {paths} 2>/dev/null || :\n")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let size: u64 = rows.get(&resource.id.name, "size")?.parse().ok()?;
        Some(Fields::from([("size".into(), size.into())]))
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        data::no_undo(resource)
    }

    fn refuses(&self, change: &Change) -> Option<Refusal> {
        let had = number(change.before.as_ref(), "size")?;
        let size = number(change.after(), "size").filter(|_| change.action != Action::Return)?;
        (size < had).then(|| Refusal::never(format!("{} has {had} bytes and is never shrunk to {size}", change.id().name)))
    }

    fn guard(&self, change: &Change) -> String {
        let (path, Some(size), true) =
            (quote(&change.id().name), number(change.after(), "size"), change.action != Action::Return)
        else {
            return String::new();
        };
        format!("[ ! -e {path} ] || [ \"$(stat -c %s -- {path})\" -le {size} ] || fail {path} is larger and is never shrunk\n")
    }

    fn writes(&self, resource: &Resource) -> Vec<String> {
        vec![resource.id.name.clone()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }
}

fn apply_one(change: &Change) -> String {
    let path = quote(&change.id().name);
    match number(change.after(), "size").filter(|_| change.action != Action::Return) {
        Some(size) => format!(
            r#"make_dirs "$(dirname -- {path})"
[ -e {path} ] || (umask 077; : >{path})
[ "$(stat -c %s -- {path})" -ge {size} ] || truncate -s {size} -- {path}
"#
        ),
        None => format!("[ ! -e {path} ] || echo left: {path}\n"),
    }
}
