//! Kind `command`: the escape hatch, for what no kind describes. The name says what it does.
//!
//! Field: `done` (true: the check succeeds). Parameters, each a POSIX shell text: `run` does it, `check` exits with 0 if it is done
//! and changes nothing, `guard` fails with a message if it must not be done now, `undo` takes it back; or `no_undo`, the
//! reason why that is impossible; `config` (files whose change makes it not done); `once`, `takes` and `finding`, with `message`
//! and `hint`: see [`Resource`].

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::flag;
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Command;

impl Kind for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let each = resources.iter().map(|resource| {
            format!("{} </dev/null >/dev/null 2>&1 && row {} done true\n", shell(resource, "check"), quote(&resource.id.name))
        });
        each.collect::<String>() + ":\n"
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        rows.get(&resource.id.name, "done").map(|_| Fields::from([("done".into(), true.into())]))
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        resource.text_param("no_undo").map(str::to_owned)
    }

    fn guard(&self, change: &Change) -> String {
        if change.action == Action::Return { String::new() } else { shell(&change.resource, "guard") + "\n" }
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

/// In a shell of its own, so that no text can break the script around it.
fn shell(resource: &Resource, param: &str) -> String {
    format!("sh -euc {}", quote(resource.text_param(param).unwrap_or("false")))
}

fn apply_one(change: &Change) -> String {
    let check = shell(&change.resource, "check");
    let name = quote(&change.id().name);
    match (flag(change.after(), "done"), change.resource.text_param("no_undo")) {
        (Some(true), _) => format!(
            "{check} >/dev/null 2>&1 || {{ {}; {check} || fail {name} was run and is still not done; }}\n",
            shell(&change.resource, "run")
        ),
        (_, Some(reason)) => format!("echo left: {name}: {}\n", quote(reason)),
        _ => format!("! {check} >/dev/null 2>&1 || {}\n", shell(&change.resource, "undo")),
    }
}
