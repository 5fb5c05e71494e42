//! `regionctl reset`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use regionctl_engine::{Goal, Selection, is_wiped};
use regionctl_plan::Plan;

use super::Context;
use crate::args::{self, Allow, Contact, Window};
use crate::confirm::{self, Word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::clean::clean;
use crate::run::{self, Execution};
use crate::vault::Vault;
use crate::{settle, survey};

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// do not ask
    #[arg(short, long)]
    yes: bool,
    /// also wipe this data disk, by its name in the inventory; may be repeated
    #[arg(long, value_name = "SERVER:DISK")]
    wipe: Vec<String>,
    /// append every event to this file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    #[command(flatten)]
    selection: args::Selection,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    allow: Allow,
}

/// Returns everything to what it was before regionctl, and names what it leaves.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let output = &context.output;
    let region = Region::load(&context.file)?;
    let leavers: Vec<_> = region.leavers()?.into_iter().filter(|leaver| !leaver.renamed).collect();
    let selection = region.select_with(&args.selection, &leavers)?;
    let wipe = args.wipe.iter().map(|disk| find(&region, &selection, disk)).collect::<Result<BTreeSet<_>, _>>()?;
    let servers: Vec<_> = region.inventory.region.servers().iter().chain(leavers.iter().map(|leaver| &leaver.server)).collect();
    let engine = region.engine_of(&servers, None, &args.contact, &Arc::new(Vault::closed(&region)), output)?;
    let goal = Goal::Nothing { wipe };
    let execution = Execution {
        verb: "reset",
        allowed: &args.allow.allow,
        events: args.events.as_deref(),
        reset: true,
        gone: BTreeSet::new(),
        window: args.window.time(),
    };
    let survey = settle::survey(&engine, &selection, &goal, &execution, output).await?;
    let plan = engine.plan(&survey, &selection, &goal).map_err(|error| super::no_plan(&error))?;
    run::show(&plan, &args.allow.allow, output);
    output.say(&stays(&plan));
    run::permit(&plan, &args.allow.allow)?;
    let silent = survey::exit(&survey);
    // Where nothing is left to undo, something may be left to forget.
    if plan.stages.iter().all(|stage| stage.hosts.is_empty()) {
        return Ok(silent);
    }
    if !args.yes {
        let question = format!("return region {} to what it was before regionctl?", region.name());
        confirm::ask(output, &question, Word::This(region.name()))?;
    }
    match run::execute(&engine, &plan, &execution, output).await? {
        Exit::Done => Ok(silent),
        exit => Ok(exit),
    }
}

/// The server and the device that `SERVER:DISK` names.
fn find(region: &Region, selection: &Selection, named: &str) -> Result<(String, String), Failure> {
    let (server, disk) = region.disk(named)?;
    if selection.has_host(server.name.as_str()) {
        return Ok((server.name.to_string(), disk.device.to_string()));
    }
    let message = format!("`--wipe {named}`, but `--host` leaves out `{}`", server.name);
    Err(Failure::new(Exit::Usage, message).hint("add it with `--host`, or leave its disk"))
}

/// What a reset leaves where it is, and why.
fn stays(plan: &Plan) -> String {
    let kept = plan.changes().filter(|(_, _, change)| !is_wiped(&change.resource));
    let kept = kept.filter_map(|(_, host, change)| Some((host, change, change.no_undo.as_ref()?)));
    kept.map(|(host, change, why)| format!("stays on {}: {}: {}\n", clean(host), clean(&change.id().to_string()), clean(why)))
        .collect()
}
