//! `regionctl secrets recipients list`

use super::{Place, recipients_table, warn_if_alone};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Context;

/// Lists who can open the secrets.
pub fn run(context: &Context, place: &Place) -> Result<Exit, Failure> {
    let secrets = place.open()?;
    let rows = place.rows(secrets.recipients());
    context.output.data(&rows, |style| recipients_table(&rows, style))?;
    warn_if_alone(context, &secrets);
    Ok(Exit::Done)
}
