//! `regionctl plan`

use std::path::PathBuf;
use std::sync::Arc;

use regionctl_engine::Goal;

use super::Context;
use crate::args::{Allow, Contact, Identity, Selection};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::plan;
use crate::vault::Vault;
use crate::{leavers, plan_file, survey};

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// keep the plan in this file, for `install --plan`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// end with exit code 2 if something would change
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    allow: Allow,
}

/// Shows what an install would change. Changes nothing.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    let selection = region.select(&args.selection)?;
    let vault = Arc::new(Vault::open(&region, &args.identity.identity)?);
    let engine = region.engine_with(&args.contact, &vault, &context.output)?;
    let survey = survey::survey(&engine, &selection, &Goal::Wanted, &context.output).await?;
    let made = engine.plan(&survey, &selection, &Goal::Wanted).map_err(|error| super::no_plan(&error))?;
    let full = context.output.verbose > 0;
    context
        .output
        .data(&made, |style| plan::render(&made, &plan::Options { style: *style, full, allowed: &args.allow.allow }))?;
    let leaving = leavers::ask(&region, &selection, &args.contact, &context.output).await?;
    if let Some(leaving) = &leaving {
        leaving.show(&args.allow.allow, &context.output);
    }
    if let Some(file) = &args.out {
        plan_file::write(file, &made, vault.as_ref())?;
        context.output.say(&format!("kept in `{0}`; `regionctl install --plan {0}` executes just that\n", file.display()));
    }
    // What is known is shown; that something is missing still decides how it ends.
    match survey::exit(&survey) {
        Exit::Done if args.exit_code && (!made.is_empty() || leaving.is_some()) => Ok(Exit::Pending),
        exit => Ok(exit),
    }
}
