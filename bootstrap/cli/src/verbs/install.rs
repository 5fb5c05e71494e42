//! `regionctl install`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use regionctl_engine::{Engine, Goal, Secrets, Survey};
use regionctl_inventory::Layer;
use regionctl_plan::{Finding, Plan};
use regionctl_roles::preflight::needs;

use super::Context;
use crate::args::{Allow, Contact, Identity, Selection, Window};
use crate::confirm::{self, Word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::preflight::{self, Depth};
use crate::region::Region;
use crate::render::checks;
use crate::render::words::{count, list};
use crate::run::{self, Execution};
use crate::vault::Vault;
use crate::{leavers, plan_file, settle, survey};

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
    let mut execution = Execution {
        verb: "install",
        allowed,
        events: args.events.as_deref(),
        reset: false,
        gone: BTreeSet::new(),
        window: args.window.time(),
    };
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
    let all = selection.has_layer(Layer::Preflight.name());
    check(&region, &engine, &survey, &plan, all, args, output).await?;
    run::show(&plan, allowed, output);
    run::permit(&plan, allowed)?;
    let leaving = leavers::ask(&region, &selection, &args.contact, output).await?;
    if let Some(leaving) = &leaving {
        leaving.show(allowed, output);
        leaving.permit(allowed)?;
        execution.gone.clone_from(leaving.gone());
    }
    let leaving = leaving.filter(leavers::Leaving::is_some);
    let silent = survey::exit(&survey);
    let idle = plan.is_empty() && !vault.is_changed() && execution.gone.is_empty() && !has_news(&engine, &plan, &survey);
    if idle && leaving.is_none() {
        return Ok(silent);
    }
    if !args.yes && (!plan.is_empty() || leaving.is_some()) {
        let leaves = leaving.as_ref().map_or(0, |leaving| crate::render::plan::hosts(&leaving.plan).len());
        let hosts = count(crate::render::plan::hosts(&plan).len() + leaves, "host");
        let left_out = if silent == Exit::Done { "" } else { ", leaving out those that did not answer" };
        confirm::ask(output, &format!("execute plan {} on {hosts}{left_out}?", plan.id), Word::Yes)?;
    } else if !args.yes && !vault.leavers().is_empty() {
        confirm::ask(output, &format!("revoke the VPN's {}?", list(vault.leavers(), 8)), Word::Yes)?;
    }
    let done = if idle { Exit::Done } else { run::execute(&engine, &plan, &execution, output).await? };
    match (done, leaving) {
        (Exit::Done, Some(leaving)) => {
            let execution = Execution { reset: true, ..execution };
            Ok(match leaving.give_back(&execution, output).await? {
                Exit::Done => silent,
                exit => exit,
            })
        }
        (Exit::Done, None) => Ok(silent),
        (exit, _) => Ok(exit),
    }
}

/// Checks the servers that were never installed, if `all` is to be looked at, and of the others what their changes need, before the
/// first change on them.
async fn check(
    region: &Region,
    engine: &Engine,
    survey: &Survey,
    plan: &Plan,
    all: bool,
    args: &Args,
    output: &Output,
) -> Result<(), Failure> {
    let is_new = |name: &str| matches!(survey.get(name), Some(Ok(surveyed)) if surveyed.view.facts.generation.is_none());
    let answers = |name: &str| matches!(survey.get(name), Some(Ok(_)));
    let depth = |name: &str| match (answers(name), is_new(name)) {
        (true, true) => all.then_some(Depth::All),
        (true, false) => (!needs(plan, name).is_empty()).then_some(Depth::Brief),
        _ => None,
    };
    if !survey.keys().any(|name| depth(name).is_some()) {
        return Ok(());
    }
    let mut checked = preflight::check(region, engine, args.contact.parallel, output, depth).await;
    // A server that went away since the survey fails by itself; the others go on, as with one that was away before.
    let counts = |finding: &Finding, host: &str| {
        finding.name == preflight::ANSWERS || is_new(host) || needs(plan, host).contains(finding.name.as_str())
    };
    checked.retain(|finding| finding.host.as_deref().is_none_or(|host| counts(finding, host)));
    let findings: Vec<_> = checked.findings().filter(|finding| finding.name != preflight::ANSWERS).cloned().collect();
    // Of servers that are installed already only what is wrong is told.
    if !findings.is_empty() || (all && survey.keys().any(|name| is_new(name))) {
        let allowed = &args.allow.allow;
        output.say(&format!("{}\n", checks::render(&checked.checks(), checked.answered, allowed, false, output.err())));
    }
    run::permitted("preflight", &findings, &args.allow.allow, Exit::Host)
}

/// True if a plan without changes still has a generation to write: the run that made the last change was cut short, a host
/// is not at the generation of the others, or the secrets are others than it keeps.
fn has_news(engine: &Engine, plan: &Plan, survey: &Survey) -> bool {
    let facts = survey.values().flatten().map(|surveyed| &surveyed.view.facts);
    facts.into_iter().any(|facts| facts.generation.is_none() || engine.is_behind(facts, plan.parent))
}
