//! `regionctl history`

mod choose;
mod fetch;

use std::collections::BTreeMap;

use regionctl_engine::{Generation, RegionFolder};
use regionctl_plan::Event;
use serde::Serialize;

use super::Context;
use crate::args::{Contact, Identity};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nearest;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::table::{Cell, Table};
use crate::render::tally::Tally;
use crate::render::time::{date_and_clock, duration};
use crate::render::words::{count, list};
use crate::render::{lines, style::Style, summary};
use crate::vault::Vault;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// replay this run, or show this generation
    #[arg(value_name = "RUN|GENERATION")]
    what: Option<String>,
    /// first bring here what the hosts have and this folder has not: generations, and the secrets file if there is none
    #[arg(long)]
    fetch: bool,
    /// fetch from this server only, and believe it
    #[arg(long, value_name = "SERVER", requires = "fetch")]
    from: Option<String>,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    identity: Identity,
}

/// Everything there is, as `-o json` prints it.
#[derive(Serialize)]
struct Listing {
    generations: Vec<GenerationRow>,
    runs: Vec<RunRow>,
}

#[derive(Serialize)]
struct GenerationRow {
    number: u64,
    parent: Option<u64>,
    at: String,
    run: String,
    release: String,
    hosts: usize,
    resources: usize,
}

#[derive(Serialize)]
struct RunRow {
    run: String,
    verb: String,
    owner: String,
    started: String,
    seconds: f64,
    done: usize,
    total: usize,
    /// `None`: it was interrupted.
    ok: Option<bool>,
    generation: Option<u64>,
}

/// Lists generations and runs, or shows one.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    let folder = region.folder();
    if args.fetch {
        if let Some(from) = &args.from {
            region.server(from)?;
        }
        let fetch = fetch::Fetch {
            engine: &region.engine(&args.contact, &context.output)?,
            region: region.name(),
            folder: &folder,
            secrets_file: &region.secrets_file(),
            secrets: &Vault::open_if_there(&region, &args.identity.identity, &context.output),
            from: args.from.as_deref(),
            output: &context.output,
        };
        fetch.run().await?;
    }
    let broken = |error: &regionctl_engine::FolderError| Failure::from_error(Exit::Local, error);
    let generations = folder.generations().map_err(|error| broken(&error))?;
    let runs = folder.runs().map_err(|error| broken(&error))?;
    let Some(what) = &args.what else {
        let read = generations.iter().map(|number| folder.generation(*number)).collect::<Result<Vec<_>, _>>();
        let generations = read.map_err(|error| broken(&error))?.iter().map(generation_row).collect();
        let runs = runs.iter().map(|run| Ok(run_row(run, &events(&folder, run)?))).collect::<Result<_, Failure>>()?;
        let listing = Listing { generations, runs };
        context.output.data(&listing, |style| listing_text(&listing, style))?;
        return Ok(Exit::Done);
    };
    if let Some(number) = what.parse().ok().filter(|number| generations.contains(number)) {
        let generation = folder.generation(number).map_err(|error| broken(&error))?;
        context.output.data(&generation, |style| generation_text(&generation, style))?;
        return Ok(Exit::Done);
    }
    // A run may be named by its beginning, if only one begins so.
    let mut matching = runs.iter().filter(|run| run.starts_with(what.as_str()));
    match (matching.next(), matching.next()) {
        (Some(run), None) => {
            let events = events(&folder, run)?;
            context.output.data(&events, |style| replay(&events, context.output.verbose > 0, style))?;
            Ok(Exit::Done)
        }
        (Some(_), Some(_)) => {
            Err(Failure::new(Exit::Usage, format!("several runs begin with `{what}`")).hint("write more of it"))
        }
        (None, _) => {
            let numbers: Vec<_> = generations.iter().map(ToString::to_string).collect();
            let known: Vec<_> = runs.iter().chain(&numbers).map(String::as_str).collect();
            let failure = Failure::new(Exit::Usage, format!("there is no run or generation `{what}`"));
            Err(if known.is_empty() { failure } else { failure.hint(nearest::hint(what, known)) })
        }
    }
}

/// The events of a run; a journal that cannot be read is named.
fn events(folder: &RegionFolder, run: &str) -> Result<Vec<Event>, Failure> {
    folder.events(run).map_err(|error| Failure::from_error(Exit::Local, &error))
}

fn generation_row(generation: &Generation) -> GenerationRow {
    GenerationRow {
        number: generation.number,
        parent: generation.parent,
        at: generation.at.clone(),
        run: generation.run.clone(),
        release: generation.release.clone(),
        hosts: generation.wanted.len(),
        resources: generation.wanted.values().map(Vec::len).sum(),
    }
}

fn run_row(run: &str, events: &[Event]) -> RunRow {
    let tally = Tally::of(events);
    let parts = tally.parts();
    RunRow {
        run: run.to_owned(),
        seconds: tally.elapsed().as_secs_f64(),
        verb: tally.verb,
        owner: tally.owner,
        started: tally.started,
        done: parts.done,
        total: parts.total,
        ok: tally.ok,
        generation: tally.generation,
    }
}

fn listing_text(listing: &Listing, style: &Style) -> String {
    if listing.generations.is_empty() && listing.runs.is_empty() {
        return "nothing was installed from this folder yet\n".to_owned();
    }
    let mut generations = Table::new(["generation", "at", "release", "hosts", "resources", "run"]);
    for row in &listing.generations {
        let at = date_and_clock(&row.at);
        let (hosts, resources) = (row.hosts.to_string(), row.resources.to_string());
        generations.row([
            row.number.to_string().into(),
            at.into(),
            clean(&row.release).into(),
            hosts.into(),
            resources.into(),
            clean(&row.run).into(),
        ]);
    }
    let mut runs = Table::new(["run", "verb", "started", "took", "changes", "result", "by"]);
    for row in &listing.runs {
        let result = match row.ok {
            Some(true) => Cell::new(style.good, "done"),
            Some(false) => Cell::new(style.error, "not done"),
            None => Cell::new(style.warning, "interrupted"),
        };
        let took = duration(std::time::Duration::from_secs_f64(row.seconds));
        let changes = format!("{}/{}", row.done, row.total);
        runs.row([
            clean(&row.run).into(),
            clean(&row.verb).into(),
            date_and_clock(&row.started).into(),
            took.into(),
            changes.into(),
            result,
            clean(&row.owner).into(),
        ]);
    }
    let tables =
        [generations, runs].iter().filter(|table| !table.is_empty()).map(|table| table.render(style)).collect::<Vec<_>>();
    tables.join("\n")
}

fn generation_text(generation: &Generation, style: &Style) -> String {
    let parent = generation.parent.map_or_else(|| "nothing".to_owned(), |parent| format!("generation {parent}"));
    let head = style.paint(style.head, format!("generation {}", generation.number));
    let mut text = format!(
        "{head}, from {parent}, {} by run {}, release {}\n",
        date_and_clock(&generation.at),
        clean(&generation.run),
        clean(&generation.release)
    );
    for (host, resources) in &generation.wanted {
        text += &format!("\n{} ({})\n", style.paint(style.head, clean(host)), count(resources.len(), "resource"));
        let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for resource in resources {
            kinds.entry(&resource.id.kind).or_default().push(clean(&resource.id.name));
        }
        for (kind, names) in kinds {
            text += &format!("  {}: {}\n", clean(kind), list(&names, 12));
        }
    }
    text
}

/// The run as it looked when it happened, and its summary.
fn replay(events: &[Event], verbose: bool, style: &Style) -> String {
    let mut tally = Tally::default();
    let mut text = String::new();
    for event in events {
        tally.add(event);
        for line in lines::render(event, &tally, verbose, style) {
            text += &format!("{line}\n");
        }
    }
    format!("{text}\n{}", summary::render(&tally, style))
}
