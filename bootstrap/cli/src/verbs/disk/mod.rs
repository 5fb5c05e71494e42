//! `regionctl disk`: one file per subcommand.

mod list;
mod replace;

use clap::Subcommand;

use super::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with the data disks.
#[derive(Debug, Subcommand)]
pub enum DiskVerb {
    /// list the data disks of the inventory: what they are, what is on them, and how well they are
    List(list::Args),
    /// get the bricks of a disk that failed back on a new one
    Replace(replace::Args),
}

/// Runs a subcommand.
pub async fn run(context: &Context, verb: &DiskVerb) -> Result<Exit, Failure> {
    match verb {
        DiskVerb::List(args) => list::run(context, args).await,
        DiskVerb::Replace(args) => replace::run(context, args).await,
    }
}
