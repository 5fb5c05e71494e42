//! `regionctl install`

use std::path::PathBuf;
use std::sync::Arc;

use regionctl_engine::{Engine, Goal, Secrets, Survey};
use regionctl_inventory::Layer;
use regionctl_plan::Plan;

use super::Context;
use crate::args::{Allow, Contact, Identity, Selection, Window};
use crate::confirm::{self, Word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::region::Region;
use crate::render::checks;
use crate::render::words::{count, list};
use crate::run::{self, Execution};
use crate::vault::Vault;
use crate::{plan_file, preflight, settle, survey};

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// do not ask
    #[arg(short, long)]
    yes: bool,
    /// execute just this plan, made by `plan --out`, without asking
    #[arg(long, value_name = "FILE", conflicts_with_all = ["host", "layer", "from"])]
    plan: Option<PathBuf>,
    /// append every event to this file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    allow: Allow,
}

/// Makes the hosts what the inventory says.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let output = &context.output;
    let region = Region::load(&context.file)?;
    let vault = Arc::new(Vault::open(&region, &args.identity.identity)?);
    let engine = region.engine_with(&args.contact, &vault, output)?;
    let allowed = &args.allow.allow;
    let execution =
        Execution { verb: "install", allowed, events: args.events.as_deref(), reset: false, window: args.window.time() };
    if let Some(file) = &args.plan {
        let plan = plan_file::read(file, &region, vault.as_ref())?;
        run::show(&plan, allowed, output);
        run::permit(&plan, allowed)?;
        vault.planned(&plan);
        return run::execute(&engine, &plan, &execution, output).await;
    }
    let selection = region.select(&args.selection)?;
    let survey = settle::survey(&engine, &selection, &Goal::Wanted, &execution, output).await?;
    let plan = engine.plan(&survey, &selection, &Goal::Wanted).map_err(|error| super::no_plan(&error))?;
    if selection.has_layer(Layer::Preflight.name()) {
        check_new(&region, &engine, &survey, args, output).await?;
    }
    run::show(&plan, allowed, output);
    run::permit(&plan, allowed)?;
    let silent = survey::exit(&survey);
    if plan.is_empty() && !vault.is_changed() && !has_news(&engine, &plan, &survey) {
        return Ok(silent);
    }
    if !args.yes && !plan.is_empty() {
        let hosts = count(crate::render::plan::hosts(&plan).len(), "host");
        let left_out = if silent == Exit::Done { "" } else { ", leaving out those that did not answer" };
        confirm::ask(output, &format!("execute plan {} on {hosts}{left_out}?", plan.id), Word::Yes)?;
    } else if !args.yes && !vault.leavers().is_empty() {
        confirm::ask(output, &format!("revoke the VPN's {}?", list(vault.leavers(), 8)), Word::Yes)?;
    }
    match run::execute(&engine, &plan, &execution, output).await? {
        Exit::Done => Ok(silent),
        exit => Ok(exit),
    }
}

/// Checks the servers that were never installed, before the first change on them.
async fn check_new(region: &Region, engine: &Engine, survey: &Survey, args: &Args, output: &Output) -> Result<(), Failure> {
    let is_new = |name: &str| matches!(survey.get(name), Some(Ok(surveyed)) if surveyed.view.facts.generation.is_none());
    if !survey.keys().any(|name| is_new(name)) {
        return Ok(());
    }
    let checked = preflight::check(region, engine, args.contact.parallel, output, is_new).await;
    // A server that went away since the survey fails by itself; the others go on, as with one that was away before.
    let findings: Vec<_> = checked.findings().filter(|finding| finding.name != preflight::ANSWERS).cloned().collect();
    let allowed = &args.allow.allow;
    output.say(&format!("{}\n", checks::render(&checked.checks(), checked.answered, allowed, false, output.err())));
    run::permitted("preflight", &findings, allowed, Exit::Host)
}

/// True if a plan without changes still has a generation to write: the run that made the last change was cut short, a host
/// is not at the generation of the others, or the secrets are others than it keeps.
fn has_news(engine: &Engine, plan: &Plan, survey: &Survey) -> bool {
    let facts = survey.values().flatten().map(|surveyed| &surveyed.view.facts);
    facts.into_iter().any(|facts| facts.generation.is_none() || engine.is_behind(facts, plan.parent))
}
