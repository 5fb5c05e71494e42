//! `regionctl secrets renew`

use std::time::SystemTime;

use regionctl_roles::secrets::{RenewError, renew};

use super::{Place, failure};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nearest;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::words::list;
use crate::vault;
use crate::verbs::Context;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// a secret, as `secrets show` names it; a key comes with its certificate
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

/// Makes secrets anew: all of those named, or none.
pub fn run(context: &Context, region: &Region, place: &Place, args: &Args) -> Result<Exit, Failure> {
    let (mut secrets, now) = (place.open()?, SystemTime::now());
    let mut made = Vec::new();
    for name in &args.names {
        let renewed = renew(&region.inventory.region, &mut secrets, name, now).map_err(|error| match error {
            RenewError::Vpn(error) => vault::vpn_failure(&error),
            RenewError::Secrets(error) => failure(&error),
            RenewError::Follows(_) => Failure::from_error(Exit::Usage, &error).hint("`regionctl install` keeps it as it must be"),
            _ => Failure::from_error(Exit::Usage, &error)
                .hint(nearest::hint(name, secrets.entries().map(|(name, _)| name).collect::<Vec<_>>())),
        })?;
        made.extend(renewed.into_iter().map(|made| format!("`{}`", clean(&made.name))));
    }
    secrets.save().map_err(|error| failure(&error))?;
    made.sort();
    made.dedup();
    context.output.say(&format!("made anew: {}\n", list(&made, 16)));
    let hint = "`regionctl install` makes anew what was made with it, and brings all of it to the servers; \
                whoever has a profile needs it again if its keys or its authority are new";
    context.output.say(&hint_line(hint, context.output.err()));
    Ok(Exit::Done)
}
