//! Kind `line`: one line of a file that others own. The name is `PATH:LABEL`.
//!
//! Field: `line`, its text. Parameters: `path`, and `match`, the extended regular expression that finds the line: the
//! first that matches is the one. A missing line is appended; a missing file is made and goes with its last line.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::{EDIT, drop_line, put_line};
use super::text;
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Line;

impl Kind for Line {
    fn name(&self) -> &'static str {
        "line"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let each = resources.iter().map(|resource| {
            let (name, path, pattern) = (quote(&resource.id.name), quote(path(resource)), quote(pattern(resource)));
            format!("line=$(grep -asEm1 -e {pattern} -- {path}) && row {name} line \"$line\"\n")
        });
        each.collect::<String>() + ":\n"
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let line = rows.get(&resource.id.name, "line")?;
        Some(Fields::from([("line".into(), line.into())]))
    }

    fn writes(&self, resource: &Resource) -> Vec<String> {
        vec![path(resource).to_owned()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }

    fn guard(&self, change: &Change) -> String {
        match text(change.after(), "line").filter(|_| change.action != Action::Return) {
            // Or the line would be appended again by every run.
            Some(line) => format!(
                "printf '%s\\n' {} | grep -qE -e {} || fail 'the wanted line does not match its own pattern'\n",
                quote(line),
                quote(pattern(&change.resource))
            ),
            None => String::new(),
        }
    }
}

fn path(resource: &Resource) -> &str {
    resource.text_param("path").unwrap_or_default()
}

fn pattern(resource: &Resource) -> &str {
    // Without a pattern nothing is found: this one never matches.
    resource.text_param("match").filter(|pattern| !pattern.is_empty()).unwrap_or("x^")
}

fn apply_one(change: &Change) -> String {
    let (path, pattern) = (path(&change.resource), pattern(&change.resource));
    match text(change.after(), "line") {
        Some(line) => put_line(path, pattern, line),
        None => drop_line(path, pattern),
    }
}
