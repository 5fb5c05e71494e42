//! `regionctl vpn`: one file per subcommand.

mod add;
mod list;
mod profile;
mod revoke;

use clap::Subcommand;
use regionctl_inventory::Name;
use regionctl_secrets::Secrets;

use super::Context;
use crate::args::Identity;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::vault;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    identity: Identity,
    #[command(subcommand)]
    verb: VpnVerb,
}

/// What to do with the VPN.
#[derive(Debug, Subcommand)]
enum VpnVerb {
    /// say who may come in, or change it
    #[command(subcommand)]
    User(UserVerb),
    /// give a user's profile for OpenVPN: a secret, in one file
    Profile(profile::Args),
}

/// What to do with the VPN's users.
#[derive(Debug, Subcommand)]
enum UserVerb {
    /// list everybody who ever had a profile
    List,
    /// let a user in, or in again
    Add(add::Args),
    /// keep a user out, from the next install on
    Revoke(Who),
}

/// A user.
#[derive(Debug, clap::Args)]
pub struct Who {
    /// the user's name, as the inventory writes it
    #[arg(value_name = "NAME", value_parser = name)]
    name: Name,
}

fn name(text: &str) -> Result<Name, String> {
    text.parse::<Name>().map_err(|problem| match problem.hint {
        Some(hint) => format!("{}: {hint}", problem.message),
        None => problem.message,
    })
}

/// Runs a subcommand.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    if region.inventory.region.spec.vpn.is_none() {
        return Err(vault::vpn_failure(&regionctl_roles::vpn::VpnError::None));
    }
    let mut secrets: Secrets = vault::open(&region, &args.identity.identity)?;
    match &args.verb {
        VpnVerb::User(UserVerb::List) => list::run(context, &region, &secrets),
        VpnVerb::User(UserVerb::Add(args)) => add::run(context, &region, &mut secrets, args),
        VpnVerb::User(UserVerb::Revoke(who)) => revoke::run(context, &mut secrets, who.name.as_str()),
        VpnVerb::Profile(args) => profile::run(context, &region, &secrets, args),
    }
}
