//! The process that is measured: what `regionctl plan` and `regionctl install` do, on the wanted resources of the bench.
//!
//! It is started anew for every run, so that its start and its connections are in the time. As `install` does, it surveys
//! and plans, and if something is to change it executes: lease, transient units, journal, ledger, a second look, the
//! generation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use regionctl_engine::{
    ADOPTION, About, Engine, Goal, Kinds, LEASE_TIME, Order, PRELUDE, RegionFolder, Selection, Survey, WINDOW, Wants, observe,
};
use regionctl_plan::{Event, Facts, Plan, What};
use regionctl_ssh::Endpoint;
use serde::{Deserialize, Serialize};

use crate::bench::error::BenchError;
use crate::bench::files;
use crate::bench::fleet_region;
use crate::bench::resources::Resources;

/// As many as `--parallel` has by default.
const PARALLEL: usize = 64;
const TOOL: &str = "regionctl";

/// What the process is to do, in a JSON file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// Which resources.
    pub wants: Wanted,
    /// True to execute what is planned.
    pub execute: bool,
    /// The hosts.
    pub hosts: Vec<Target>,
    /// The private key.
    pub identity: PathBuf,
    /// The hosts' keys.
    pub known_hosts: PathBuf,
    /// The folder in which a region's `.regionctl` would be.
    pub folder: PathBuf,
}

/// Which resources.
#[derive(Debug, Serialize, Deserialize)]
pub enum Wanted {
    /// Those that all three tools make true.
    Resources,
    /// The base layer of the region in this file.
    Base(PathBuf),
}

/// One host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
}

/// What the process did.
#[derive(Debug, Serialize, Deserialize)]
pub struct Done {
    /// Wanted resources, over all hosts.
    pub wanted: usize,
    /// Changes in the plan.
    pub changes: usize,
    /// Milliseconds to connect and observe.
    pub survey_ms: f64,
    /// Milliseconds to plan.
    pub plan_ms: f64,
    /// Milliseconds to execute.
    pub execute_ms: f64,
    /// The most memory this process held, in MiB.
    pub rss_mb: f64,
    /// Round trips of the host that needed most.
    pub trips: Trips,
}

/// Round trips of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trips {
    /// For the survey.
    pub observe: u64,
    /// To apply, by stage.
    pub apply: BTreeMap<String, u64>,
    /// For lease, second look, generation and the lease's return.
    pub around: u64,
}

/// Does a task and prints [`Done`] as JSON.
pub async fn run(task: &str) -> Result<(), BenchError> {
    let task: Task = serde_json::from_str(&files::read(task.as_ref())?).map_err(BenchError::json(task))?;
    let done = work(&task).await?;
    let line = serde_json::to_string(&done).map_err(BenchError::json("the report"))?;
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").map_err(BenchError::io("write", "standard output"))
}

/// Prints the shell that the first host of a task runs to be observed.
pub fn script(task: &str) -> Result<(), BenchError> {
    let task: Task = serde_json::from_str(&files::read(task.as_ref())?).map_err(BenchError::json(task))?;
    let (wants, selection) = wanted(&task)?;
    let name = task.hosts.first().map_or("", |host| &host.name);
    let layers = wants.layers().into_iter().filter(|layer| selection.has_layer(layer));
    let resources: Vec<_> = layers.flat_map(|layer| wants.wanted(&layer, name, &Facts::assumed())).collect();
    let script = observe::script(&Kinds::host(), &resources).map_err(|error| not_done(error.to_string()))?;
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{PRELUDE}\n{script}").map_err(BenchError::io("write", "standard output"))
}

fn wanted(task: &Task) -> Result<(Arc<dyn Wants>, Selection), BenchError> {
    Ok(match &task.wants {
        Wanted::Resources => (Arc::new(Resources::read()?), Selection::default()),
        Wanted::Base(file) => {
            let selection = Selection { layers: ["base".to_owned()].into(), ..Selection::default() };
            (Arc::new(fleet_region::roles(file)?), selection)
        }
    })
}

async fn work(task: &Task) -> Result<Done, BenchError> {
    let (wants, selection) = wanted(task)?;
    let engine = engine(task, wants);
    let started = Instant::now();
    let survey = engine.survey(&selection, &Goal::Wanted).await;
    let survey_ms = millis(started);
    if let Some(error) = survey.values().find_map(|surveyed| surveyed.as_ref().err()) {
        return Err(not_done(error.to_string()));
    }
    let started = Instant::now();
    let plan = engine.plan(&survey, &selection, &Goal::Wanted).map_err(|error| not_done(error.to_string()))?;
    let plan_ms = millis(started);
    let mut trips = counts(&engine, |observe| Trips { observe, ..Trips::default() });
    let started = Instant::now();
    if task.execute && (!plan.is_empty() || has_news(&plan, &survey)) {
        execute(&engine, &plan, &mut trips).await?;
    }
    let counts = plan.counts();
    Ok(Done {
        wanted: plan.stages.iter().flat_map(|stage| stage.hosts.values()).map(|host| host.wanted.len()).sum(),
        changes: counts.changes(),
        survey_ms,
        plan_ms,
        execute_ms: millis(started),
        rss_mb: peak_mb()?,
        trips: trips.into_values().max().unwrap_or_default(),
    })
}

fn engine(task: &Task, wants: Arc<dyn Wants>) -> Engine {
    let hosts = task.hosts.iter().map(|host| {
        let mut endpoint = Endpoint::new(&host.name, &host.address, "root", &task.known_hosts);
        endpoint.identity = Some(task.identity.clone());
        endpoint.agent = false;
        endpoint
    });
    let about = About {
        region: "bench".into(),
        release: "bench".into(),
        inventory: "# the bench has no inventory\n".into(),
        inventory_digest: regionctl_plan::sha256(b"bench"),
        notes: Vec::new(),
    };
    let folder = RegionFolder::beside(&task.folder.join("region.yaml"));
    Engine::new(Kinds::host(), wants, folder, hosts, about, PARALLEL)
}

/// As `install` has it: a plan without changes still has a generation to write.
fn has_news(plan: &Plan, survey: &Survey) -> bool {
    let mut generations = survey.values().flatten().map(|surveyed| surveyed.view.facts.generation);
    generations.any(|generation| generation.is_none() || generation != plan.parent)
}

async fn execute(engine: &Engine, plan: &Plan, trips: &mut BTreeMap<String, Trips>) -> Result<(), BenchError> {
    let stages: Arc<Mutex<BTreeMap<String, BTreeMap<String, u64>>>> = Arc::default();
    let heard = Arc::clone(&stages);
    let listener = Box::new(move |event: &Event| {
        if let What::StageDone { host, stage, round_trips } = &event.what {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.entry(host.clone()).or_default().insert(stage.clone(), *round_trips);
        }
    });
    let order = Order {
        verb: "install".into(),
        allowed: Vec::new(),
        lease: LEASE_TIME,
        reset: false,
        gone: std::collections::BTreeSet::new(),
        window: WINDOW,
        adoption: ADOPTION,
    };
    let (_keep_open, stop) = tokio::sync::watch::channel(false);
    let outcome = engine.execute(plan, &order, listener, stop).await.map_err(|error| not_done(error.to_string()))?;
    if !outcome.ok {
        let errors: Vec<_> = outcome.hosts.values().filter_map(|host| host.error.clone()).collect();
        return Err(not_done(errors.join("; ")));
    }
    let mut stages = std::mem::take(&mut *stages.lock().unwrap_or_else(PoisonError::into_inner));
    for (host, trips) in trips {
        trips.apply = stages.remove(host).unwrap_or_default();
        let all = engine.remotes().get(host).map_or(0, regionctl_engine::Remote::round_trips);
        trips.around = all.saturating_sub(trips.observe + trips.apply.values().sum::<u64>());
    }
    Ok(())
}

fn counts(engine: &Engine, trips: impl Fn(u64) -> Trips) -> BTreeMap<String, Trips> {
    engine.remotes().iter().map(|(name, remote)| (name.clone(), trips(remote.round_trips()))).collect()
}

fn not_done(what: String) -> BenchError {
    BenchError::NotDone { tool: TOOL, what }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// `VmHWM`: the kernel's own record of the most resident memory.
fn peak_mb() -> Result<f64, BenchError> {
    let status = files::read("/proc/self/status".as_ref())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| not_done("the kernel does not say how much memory was used".into()))
}
