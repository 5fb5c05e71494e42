//! `regionctl secrets`: one file per subcommand.

mod add;
mod list;
mod remove;
mod renew;
mod rotate;
mod show;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use regionctl_secrets::{Identities, Recipient, Secrets};
use serde::Serialize;

use super::Context;
use crate::args::Identity;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::{self, Region};
use crate::render::clean::clean;
use crate::render::findings;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::vault::failure;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    identity: Identity,
    #[command(subcommand)]
    verb: SecretsVerb,
}

/// What to do with the secrets.
#[derive(Debug, Subcommand)]
enum SecretsVerb {
    /// list the secrets with their versions and dates, never their values
    Show,
    /// make secrets anew that somebody saw who should not
    Renew(renew::Args),
    /// say who can open the secrets, or change it
    #[command(subcommand)]
    Recipients(RecipientsVerb),
}

/// What to do with those who can open the secrets.
#[derive(Debug, Subcommand)]
enum RecipientsVerb {
    /// list the keys that can open the secrets
    List,
    /// let another key open the secrets; the first one makes the file
    Add(add::Args),
    /// take a key away, and say what it has seen
    Remove(remove::Args),
    /// encrypt the file anew, and say what removed keys have seen that is still in use
    Rotate,
}

/// Runs a subcommand.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    let identities = region::identities(&args.identity.identity).map_err(|error| failure(&error))?;
    let place = Place { file: region.secrets_file(), identities };
    match &args.verb {
        SecretsVerb::Show => show::run(context, &place),
        SecretsVerb::Renew(args) => renew::run(context, &region, &place, args),
        SecretsVerb::Recipients(RecipientsVerb::List) => list::run(context, &place),
        SecretsVerb::Recipients(RecipientsVerb::Add(args)) => add::run(context, &place, args),
        SecretsVerb::Recipients(RecipientsVerb::Remove(args)) => remove::run(context, &place, args),
        SecretsVerb::Recipients(RecipientsVerb::Rotate) => rotate::run(context, &place),
    }
}

/// The secrets file and the keys to open it with.
struct Place {
    file: PathBuf,
    identities: Identities,
}

impl Place {
    fn open(&self) -> Result<Secrets, Failure> {
        Secrets::open(&self.file, &self.identities).map_err(|error| failure(&error))
    }

    fn file(&self) -> &Path {
        &self.file
    }

    /// Whether one of the present keys is the private half.
    fn is_own(&self, recipient: &Recipient) -> bool {
        self.identities.recipients().any(|own| own.text() == recipient.text())
    }

    fn rows(&self, recipients: &[Recipient]) -> Vec<RecipientRow> {
        let row = |recipient: &Recipient| RecipientRow {
            label: recipient.label().map(str::to_owned),
            recipient: recipient.text().to_owned(),
            own: self.is_own(recipient),
        };
        recipients.iter().map(row).collect()
    }
}

/// Who can open the secrets, as `-o json` prints it.
#[derive(Serialize)]
struct RecipientRow {
    label: Option<String>,
    recipient: String,
    /// Whether one of the present keys is its private half.
    own: bool,
}

fn recipients_table(rows: &[RecipientRow], style: &Style) -> String {
    let mut table = Table::new(["label", "yours", "recipient"]);
    for row in rows {
        let label = row.label.as_deref().map_or_else(|| "-".to_owned(), clean);
        let own = if row.own { Cell::new(style.good, "yes") } else { "no".into() };
        table.row([label.into(), own, clean(&row.recipient).into()]);
    }
    table.render(style)
}

/// Says that a lost key would be the end of the secrets.
fn warn_if_alone(context: &Context, secrets: &Secrets) {
    if secrets.recipients().len() == 1 {
        let note =
            "only one key opens the secrets: when it is lost, so are they; `regionctl secrets recipients add` adds another";
        context.output.say(&findings::notes(&[note.to_owned()], context.output.err()));
    }
}
