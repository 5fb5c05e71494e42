//! The verbs, one file each. A new verb is a file here, a line in [`Verb`] and a line in [`run`].

mod completions;
mod disk;
mod history;
mod init;
mod install;
mod lab;
mod layers;
mod plan;
mod preflight;
mod reset;
mod schema;
mod secrets;
mod status;
mod support;
mod validate;
mod vpn;

use std::path::PathBuf;

use clap::Subcommand;
use regionctl_engine::PlanError;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// write a commented inventory to start from
    Init(init::Args),
    /// say whether the inventory is right, and all that is wrong with it
    Validate,
    /// print the JSON schema of the inventory, for editors
    Schema,
    /// list the layers of a region
    Layers,
    /// check the servers before anything is changed on them
    Preflight(preflight::Args),
    /// show what an install would change, and change nothing
    Plan(plan::Args),
    /// make the hosts what the inventory says
    Install(install::Args),
    /// ask the hosts how they are: reachable, as wanted, healed
    Status(status::Args),
    /// list the data disks and how they are, or get the bricks of a failed one back
    #[command(subcommand)]
    Disk(disk::DiskVerb),
    /// gather what a colleague needs to help, without secrets, in one archive
    Support(support::Args),
    /// list generations and runs, or replay a run
    History(history::Args),
    /// return everything to what it was before regionctl
    Reset(reset::Args),
    /// show the region's secrets, without their values, and say who can open them
    Secrets(secrets::Args),
    /// let users into the region through the VPN, or keep them out
    Vpn(vpn::Args),
    /// play the region's servers on this machine, to rehearse on
    Lab(lab::Args),
    /// print a completion script for a shell
    Completions(completions::Args),
}

/// What every verb is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The inventory file.
    pub file: PathBuf,
    /// Where to print.
    pub output: Output,
}

/// Runs a verb to its exit code.
///
/// # Errors
/// What the verb could not do.
pub async fn run(cli: Cli, output: Output) -> Result<Exit, Failure> {
    let context = Context { file: cli.global.file, output };
    if cli.global.lab && !matches!(cli.verb, Verb::Lab(_)) {
        crate::lab::enter(&context.file)?;
    }
    match cli.verb {
        Verb::Init(args) => init::run(&context, &args).await,
        Verb::Validate => validate::run(&context),
        Verb::Schema => schema::run(&context),
        Verb::Layers => layers::run(&context),
        Verb::Preflight(args) => preflight::run(&context, &args).await,
        Verb::Plan(args) => plan::run(&context, &args).await,
        Verb::Install(args) => install::run(&context, &args).await,
        Verb::Status(args) => status::run(&context, &args).await,
        Verb::Disk(verb) => disk::run(&context, &verb).await,
        Verb::Support(args) => support::run(&context, &args).await,
        Verb::History(args) => history::run(&context, &args).await,
        Verb::Reset(args) => reset::run(&context, &args).await,
        Verb::Secrets(args) => secrets::run(&context, &args),
        Verb::Vpn(args) => vpn::run(&context, &args),
        Verb::Lab(args) => lab::run(&context, &args).await,
        Verb::Completions(args) => completions::run(&context, &args),
    }
}

/// Why the engine made no plan.
pub fn no_plan(error: &PlanError) -> Failure {
    match error {
        PlanError::Outdated { .. } => Failure::from_error(Exit::Refused, error)
            .hint("somebody else changed the region since; `regionctl history --fetch` brings their generations here"),
        PlanError::Folder(_) => Failure::from_error(Exit::Local, error),
    }
}
