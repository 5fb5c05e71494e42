//! `regionctl lab`: one file per subcommand.

mod down;
mod exec;
mod links;
mod power;
mod reinstall;
mod status;
mod up;

use clap::Subcommand;

use super::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: LabVerb,
}

/// What to do with the lab.
#[derive(Debug, Subcommand)]
enum LabVerb {
    /// bring the servers up, or what is missing of them
    Up,
    /// take everything down and leave nothing behind
    Down,
    /// say how the lab is
    Status,
    /// run a command in the lab's network, or on one of its hosts
    Exec(exec::Args),
    /// cut a host off a network, or from another host
    Cut(links::CutArgs),
    /// mend what was cut
    Heal(links::HealArgs),
    /// switch a host on or off
    Power(power::Args),
    /// give a host a new system, as a provider's installer would; its data disks stay
    Reinstall(reinstall::Args),
}

/// Runs a subcommand.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    match &args.verb {
        LabVerb::Up => up::run(context, &region).await,
        LabVerb::Down => down::run(context, &region).await,
        LabVerb::Status => status::run(context, &region),
        LabVerb::Exec(args) => exec::run(&region, args),
        LabVerb::Cut(args) => links::cut(context, &region, args).await,
        LabVerb::Heal(args) => links::heal(context, &region, args).await,
        LabVerb::Power(args) => power::run(context, &region, args).await,
        LabVerb::Reinstall(args) => reinstall::run(context, &region, args).await,
    }
}
