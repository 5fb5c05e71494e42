//! `regionctl secrets recipients rotate`

use regionctl_secrets::Exposed;
use serde::Serialize;

use super::{Place, failure};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::table::Table;
use crate::render::words::count;
use crate::verbs::Context;

/// A secret that removed keys have seen, as `-o json` prints it.
#[derive(Serialize)]
struct Row {
    name: String,
    version: u64,
    /// The labels of those who have seen it, or else their keys.
    seen_by: Vec<String>,
}

/// Encrypts the file anew.
pub fn run(context: &Context, place: &Place) -> Result<Exit, Failure> {
    let mut secrets = place.open()?;
    let exposed = secrets.reencrypt().map_err(|error| failure(&error))?;
    let rows: Vec<_> = exposed.into_iter().map(row).collect();
    let recipients = count(secrets.recipients().len(), "recipient");
    context.output.say(&format!("encrypted `{}` anew to {recipients}\n", place.file().display()));
    context.output.data(&rows, |style| {
        if rows.is_empty() {
            return String::new();
        }
        let mut table = Table::new(["secret", "version", "seen by"]);
        for row in &rows {
            let seen_by: Vec<_> = row.seen_by.iter().map(|who| clean(who)).collect();
            table.row([clean(&row.name).into(), row.version.to_string().into(), seen_by.join(", ").into()]);
        }
        table.render(style)
    })?;
    if !rows.is_empty() {
        let hint = "`regionctl secrets renew NAME` makes one anew, `regionctl install` replaces it where it is used: whoever saw it may have a copy, which nothing here takes back";
        context.output.say(&hint_line(hint, context.output.err()));
    }
    Ok(Exit::Done)
}

fn row(exposed: Exposed) -> Row {
    let Exposed { name, version, to } = exposed;
    Row { name, version, seen_by: to.iter().map(ToString::to_string).collect() }
}
