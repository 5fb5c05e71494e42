//! `regionctl secrets show`

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regionctl_plan::rfc3339;
use regionctl_secrets::Secrets;
use serde::Serialize;

use super::{Place, RecipientRow, recipients_table, warn_if_alone};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::clean::clean;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::render::time::date_and_clock;
use crate::verbs::Context;

/// Everything but the values, as `-o json` prints it.
#[derive(Serialize)]
struct Listing {
    recipients: Vec<RecipientRow>,
    secrets: Vec<Row>,
}

/// One secret. There is no field for its value, so that none can be printed.
#[derive(Serialize)]
struct Row {
    name: String,
    version: u64,
    made: String,
    expires: Option<String>,
    /// Whether its time is over.
    expired: bool,
    /// Whether a removed key has seen this version.
    exposed: bool,
}

/// Lists the secrets.
pub fn run(context: &Context, place: &Place) -> Result<Exit, Failure> {
    let secrets = place.open()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let listing = Listing { recipients: place.rows(secrets.recipients()), secrets: rows(&secrets, now) };
    context.output.data(&listing, |style| text(&listing, style))?;
    warn_if_alone(context, &secrets);
    Ok(Exit::Done)
}

fn rows(secrets: &Secrets, now: Duration) -> Vec<Row> {
    let exposed: BTreeSet<_> = secrets.exposed().into_iter().map(|exposed| exposed.name).collect();
    let at = |seconds: u64| rfc3339(Duration::from_secs(seconds));
    let row = |(name, entry): (&str, &regionctl_secrets::Entry)| Row {
        name: name.to_owned(),
        version: entry.version,
        made: at(entry.made),
        expires: entry.expires.map(at),
        expired: entry.expires.is_some_and(|expires| expires <= now.as_secs()),
        exposed: exposed.contains(name),
    };
    secrets.entries().map(row).collect()
}

fn text(listing: &Listing, style: &Style) -> String {
    let mut table = Table::new(["secret", "version", "made", "expires", "state"]);
    for row in &listing.secrets {
        let state = match (row.expired, row.exposed) {
            (true, _) => Cell::new(style.error, "expired"),
            (false, true) => Cell::new(style.warning, "seen by a removed key"),
            (false, false) => Cell::new(style.good, "good"),
        };
        let expires = row.expires.as_deref().map_or_else(|| "-".to_owned(), date_and_clock);
        let (name, version, made) = (clean(&row.name), row.version.to_string(), date_and_clock(&row.made));
        table.row([name.into(), version.into(), made.into(), expires.into(), state]);
    }
    let secrets = if table.is_empty() { "there are no secrets yet\n".to_owned() } else { table.render(style) };
    format!("{secrets}\n{}", recipients_table(&listing.recipients, style))
}
