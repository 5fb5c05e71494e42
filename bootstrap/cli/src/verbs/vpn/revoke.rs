//! `regionctl vpn user revoke`

use std::time::SystemTime;

use regionctl_roles::vpn;
use regionctl_secrets::Secrets;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::findings::hint_line;
use crate::vault;
use crate::verbs::Context;

/// Keeps a user out.
pub fn run(context: &Context, secrets: &mut Secrets, name: &str) -> Result<Exit, Failure> {
    vpn::revoke(secrets, name, SystemTime::now()).map_err(|error| vault::vpn_failure(&error))?;
    secrets.save().map_err(|error| vault::failure(&error))?;
    context.output.say(&format!("`{name}` was revoked; the servers do not know yet\n"));
    let hint = "`regionctl install --layer vpn` tells them, and ends the user's connections";
    context.output.say(&hint_line(hint, context.output.err()));
    Ok(Exit::Done)
}
