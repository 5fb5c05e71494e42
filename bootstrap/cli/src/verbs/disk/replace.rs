//! `regionctl disk replace`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use regionctl_engine::{Engine, Goal, Selection, Survey};
use regionctl_inventory::Layer;
use regionctl_plan::quote;
use regionctl_roles::{IDENTITY, Replaced};

use super::super::no_plan;
use super::Context;
use crate::args::{Allow, Contact, Identity};
use crate::confirm::{self, Word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::region::Region;
use crate::run::{self, Execution};
use crate::vault::Vault;
use crate::{settle, survey};

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// the disk, by its name in the inventory
    #[arg(value_name = "SERVER:DISK")]
    disk: String,
    /// do not ask
    #[arg(short, long)]
    yes: bool,
    /// the disk is not new: destroy what is on it
    #[arg(long)]
    wipe: bool,
    /// append every event to this file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    allow: Allow,
}

/// Gets the bricks of a disk back, if every volume on it can do without them meanwhile.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let output = &context.output;
    let region = Region::load(&context.file)?;
    let (server, disk) = region.disk(&args.disk)?;
    let mut replaced =
        Replaced { server: server.name.to_string(), disk: disk.name.to_string(), wiped: None, allowed: args.allow.allow.clone() };
    let servers = servers(&region, &replaced, &args.disk)?;
    if args.wipe {
        let engine = region.engine(&args.contact, output)?;
        replaced.wiped =
            Some(identity(&engine, &replaced.server, disk.device.as_str(), output).await?).filter(|id| !id.is_empty());
    }
    let (wipes, allowed) = (replaced.wiped.is_some(), &args.allow.allow);
    let vault = Arc::new(Vault::open(&region, &args.identity.identity)?);
    let engine = region.engine_replacing(Some(replaced), &args.contact, &vault, output)?;
    let layers = [Layer::Disks, Layer::Gluster].map(|layer| layer.name().to_owned());
    let selection = Selection { hosts: servers, layers: layers.into() };
    let events = args.events.as_deref();
    let window = regionctl_engine::WINDOW;
    let execution =
        Execution { verb: "disk replace", allowed, events, reset: false, gone: std::collections::BTreeSet::new(), window };
    let survey = settle::survey(&engine, &selection, &Goal::Wanted, &execution, output).await?;
    all_answered(&survey)?;
    let plan = engine.plan(&survey, &selection, &Goal::Wanted).map_err(|error| no_plan(&error))?;
    run::show(&plan, allowed, output);
    run::permit(&plan, allowed)?;
    if plan.is_empty() {
        output.say("the bricks of this disk are in place and have everything; `--wipe` makes them anew\n");
        return Ok(Exit::Done);
    }
    if !args.yes {
        let (question, word) = if wipes {
            (format!("destroy what is on {}, and get its bricks back from the other copies?", args.disk), Word::This(&args.disk))
        } else {
            (format!("get the bricks of {} back from the other copies?", args.disk), Word::Yes)
        };
        confirm::ask(output, &question, word)?;
    }
    run::execute(&engine, &plan, &execution, output).await
}

/// The servers of the volumes that have a brick on the disk.
fn servers(region: &Region, replaced: &Replaced, named: &str) -> Result<BTreeSet<String>, Failure> {
    let region = &region.inventory.region;
    let servers = replaced.find(region).map(|lost| lost.servers(region)).unwrap_or_default();
    if servers.is_empty() {
        let message = format!("no volume has a brick on `{named}`: there is nothing that could be copied back");
        return Err(Failure::new(Exit::Usage, message).hint("`regionctl install` makes what the inventory wants on it"));
    }
    Ok(servers)
}

/// What is on the device now; empty if it is blank.
async fn identity(engine: &Engine, server: &str, device: &str, output: &Output) -> Result<String, Failure> {
    let missing = || Failure::new(Exit::Connection, format!("{server} cannot be asked"));
    let remote = engine.remotes().get(server).ok_or_else(missing)?;
    let script = format!("{IDENTITY}identity {}\n", quote(device));
    let answer = survey::during(output, &format!("asking {server}"), remote.script("looking at the disk", &script)).await;
    let answer =
        answer.map_err(|error| Failure { hint: error.hint(), ..Failure::from_error(survey::exit_of(&error), &error) })?;
    Ok(answer.trim().to_owned())
}

/// A server that says nothing may have the only copy.
fn all_answered(survey: &Survey) -> Result<(), Failure> {
    let silent: Vec<_> = survey.iter().filter(|(_, answer)| answer.is_err()).map(|(name, _)| name.as_str()).collect();
    if silent.is_empty() {
        return Ok(());
    }
    let message = format!("nothing was changed: whether the copies on {} are whole is not known", silent.join(", "));
    Err(Failure::new(survey::exit(survey), message).hint("bring it back first; then run again"))
}
