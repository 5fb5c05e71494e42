//! `regionctl lab power`

use clap::ValueEnum;
use regionctl_lab::{Force, Power};

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
    /// on, off, or cycle (off and on again)
    #[arg(value_name = "on|off|cycle", value_enum, hide_possible_values = true)]
    to: To,
    /// as by a power loss, without a shutdown
    #[arg(long)]
    hard: bool,
}

/// Where the switch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    On,
    Off,
    Cycle,
}

/// Switches a host on or off.
pub async fn run(context: &Context, region: &Region, args: &Args) -> Result<Exit, Failure> {
    let force = if args.hard { Force::Hard } else { Force::Soft };
    let (power, now) = match args.to {
        To::On => (Power::On, "on"),
        To::Off => (Power::Off(force), "off"),
        To::Cycle => (Power::Cycle(force), "on again"),
    };
    let switched = regionctl_lab::power(region.name(), &args.host, power);
    let what = format!("switching {}", args.host);
    survey::during(&context.output, &what, switched).await.map_err(|error| lab::failure(&error))?;
    context.output.say(&format!("{} is {now}\n", args.host));
    Ok(Exit::Done)
}
