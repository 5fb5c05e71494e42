//! `regionctl secrets recipients add`

use regionctl_secrets::{Recipient, Secrets, SecretsError};

use super::{Place, failure, warn_if_alone};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::clean::clean;
use crate::verbs::Context;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// a public key: `age1…`, or the line of an `id_ed25519.pub` as one argument
    #[arg(value_name = "RECIPIENT")]
    recipient: String,
    /// a word for people [default: the comment of an SSH key]
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
}

/// What became of a recipient.
enum How {
    Added,
    Known,
    Created,
}

/// Lets another key open the secrets.
pub fn run(context: &Context, place: &Place, args: &Args) -> Result<Exit, Failure> {
    let mut recipient = Recipient::parse(&args.recipient).map_err(|error| failure(&error))?;
    if args.label.is_some() {
        recipient = recipient.labelled(args.label.as_deref());
    }
    let file = place.file().display().to_string();
    let text = recipient.text().to_owned();
    let (mut secrets, how) = match Secrets::open(place.file(), &place.identities) {
        Ok(mut secrets) => {
            let new = secrets.add_recipient(recipient);
            (secrets, if new { How::Added } else { How::Known })
        }
        Err(SecretsError::Missing { .. }) => (create(place, recipient)?, How::Created),
        Err(error) => return Err(failure(&error)),
    };
    secrets.save().map_err(|error| failure(&error))?;
    // By the name that the file has for it, which may be an older one.
    let known = secrets.recipients().iter().find(|known| known.text() == text);
    let name = clean(&known.map_or(text.clone(), ToString::to_string));
    context.output.say(&match how {
        How::Added => format!("`{name}` can now open `{file}`\n"),
        How::Known => format!("`{name}` can open `{file}` already\n"),
        How::Created => format!("wrote `{file}`, which `{name}` can open\n"),
    });
    warn_if_alone(context, &secrets);
    Ok(Exit::Done)
}

/// A new file. Whoever makes it must be able to open it, or nobody could add a second key.
fn create(place: &Place, recipient: Recipient) -> Result<Secrets, Failure> {
    if !place.is_own(&recipient) {
        let message =
            format!("there is no `{}` yet, and this key is not one of yours: you could not open it", place.file().display());
        let hint = match place.identities.recipients().next() {
            Some(own) => format!("first add your own: `regionctl secrets recipients add \"{}\"`", own.text()),
            None => "name the file with its private half: `--identity FILE`".to_owned(),
        };
        return Err(Failure::new(Exit::Usage, message).hint(hint));
    }
    Secrets::create(place.file(), vec![recipient]).map_err(|error| failure(&error))
}
