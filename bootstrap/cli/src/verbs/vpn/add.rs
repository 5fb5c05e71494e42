//! `regionctl vpn user add`

use std::time::SystemTime;

use regionctl_roles::{secrets as needed, vpn};
use regionctl_secrets::Secrets;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::findings::hint_line;
use crate::vault;
use crate::verbs::Context;

/// Lets a user in. The servers need not be told: the certificate is by the authority that they know.
pub fn run(context: &Context, region: &Region, secrets: &mut Secrets, name: &str) -> Result<Exit, Failure> {
    let (inventory, now) = (&region.inventory.region, SystemTime::now());
    // The authority may not have been made yet.
    let all = regionctl_secrets::ensure(secrets, &needed::wanted(inventory), now);
    all.map_err(|error| vault::failure(&error))?;
    vpn::add(inventory, secrets, name, now).map_err(|error| vault::vpn_failure(&error))?;
    secrets.save().map_err(|error| vault::failure(&error))?;
    context.output.say(&format!("`{name}` may come in\n"));
    let hint = format!("`regionctl vpn profile {name} --out {name}.ovpn` writes the profile; hand it over in secret");
    context.output.say(&hint_line(&hint, context.output.err()));
    Ok(Exit::Done)
}
