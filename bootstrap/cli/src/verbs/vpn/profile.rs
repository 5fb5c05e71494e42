//! `regionctl vpn profile`

use std::time::SystemTime;

use regionctl_roles::vpn;
use regionctl_secrets::Secrets;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::vault;
use crate::verbs::Context;

/// Prints a profile, whatever the format: it is a file of OpenVPN's.
pub fn run(context: &Context, region: &Region, secrets: &Secrets, name: &str) -> Result<Exit, Failure> {
    let profile = vpn::profile(&region.inventory.region, secrets, name, SystemTime::now());
    let profile = profile.map_err(|error| vault::vpn_failure(&error))?;
    context.output.text(profile.reveal())?;
    Ok(Exit::Done)
}
