//! `regionctl secrets recipients remove`

use super::{Place, failure, warn_if_alone};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::words::count;
use crate::verbs::Context;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// the public key, or its label
    #[arg(value_name = "RECIPIENT")]
    recipient: String,
}

/// Takes a key away.
pub fn run(context: &Context, place: &Place, args: &Args) -> Result<Exit, Failure> {
    let mut secrets = place.open()?;
    let removed = secrets.remove_recipient(&args.recipient).map_err(|error| failure(&error))?;
    secrets.save().map_err(|error| failure(&error))?;
    let (name, file) = (clean(&removed.to_string()), place.file().display());
    context.output.say(&format!("`{name}` can no longer open `{file}`\n"));
    let seen = secrets.exposed().into_iter().filter(|exposed| exposed.to.contains(&removed)).count();
    if seen > 0 {
        let hint = format!(
            "it could read {} and keeps what it has copied; `regionctl secrets recipients rotate` lists what to make anew",
            count(seen, "secret")
        );
        context.output.say(&hint_line(&hint, context.output.err()));
    }
    warn_if_alone(context, &secrets);
    Ok(Exit::Done)
}
