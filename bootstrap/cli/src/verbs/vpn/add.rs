//! `regionctl vpn user add`

use std::time::SystemTime;

use regionctl_inventory::VpnGroup;
use regionctl_roles::{secrets as needed, vpn};
use regionctl_secrets::Secrets;

use super::Who;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::findings::hint_line;
use crate::vault;
use crate::verbs::Context;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    who: Who,
    /// where the user gets to, unless the inventory says it: `developers` or `operators`
    #[arg(long, value_name = "GROUP", default_value_t, value_parser = group)]
    group: VpnGroup,
}

fn group(text: &str) -> Result<VpnGroup, String> {
    let all = VpnGroup::ALL.map(|group| group.to_string());
    VpnGroup::ALL.into_iter().find(|group| group.to_string() == text).ok_or_else(|| format!("one of {}", all.join(", ")))
}

/// Lets a user in. The servers need not be told: the certificate is by the authority that they know.
pub fn run(context: &Context, region: &Region, secrets: &mut Secrets, args: &Args) -> Result<Exit, Failure> {
    let (inventory, now, name) = (&region.inventory.region, SystemTime::now(), args.who.name.as_str());
    // The authority may not have been made yet.
    let all = regionctl_secrets::ensure(secrets, &needed::wanted(inventory), now);
    all.map_err(|error| vault::failure(&error))?;
    vpn::add(inventory, secrets, name, args.group, now).map_err(|error| vault::vpn_failure(&error))?;
    secrets.save().map_err(|error| vault::failure(&error))?;
    let group = vpn::list(secrets).map_err(|error| vault::vpn_failure(&error))?.into_iter().find(|user| user.name == name);
    let group = group.and_then(|user| user.place).map(|place| place.group).unwrap_or_default();
    context.output.say(&format!("`{name}` may come in, as one of the {group}\n"));
    let hint = format!("`regionctl vpn profile {name} --out {name}.ovpn` writes the profile; hand it over in secret");
    context.output.say(&hint_line(&hint, context.output.err()));
    Ok(Exit::Done)
}
