//! `regionctl lab reinstall`

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::verbs::Context;
use crate::{lab, survey};

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// the host
    #[arg(value_name = "HOST")]
    host: String,
}

/// Gives a host a new system, as a provider's installer would; its data disks stay as they are.
pub async fn run(context: &Context, region: &Region, args: &Args) -> Result<Exit, Failure> {
    let what = format!("installing a new system on {}", args.host);
    let done = survey::during(&context.output, &what, regionctl_lab::reinstall(region.name(), &args.host)).await;
    done.map_err(|error| lab::failure(&error))?;
    context.output.say(&format!("{} has a new system; its data disks are as they were\n", args.host));
    Ok(Exit::Done)
}
