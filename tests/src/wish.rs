//! A region whose wanted resources are given as data: the engine without the roles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regionctl_engine::{About, Engine, Goal, Kinds, Order, Outcome, RegionFolder, Selection, Wants};
use regionctl_plan::{Event, Facts, Plan, Resource, sha256};
use regionctl_ssh::{Endpoint, Pool};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// One layer named `wish` with the same resources whatever the facts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Wish(pub BTreeMap<String, Vec<Resource>>);

impl Wants for Wish {
    fn layers(&self) -> Vec<String> {
        vec!["wish".into()]
    }

    fn wanted(&self, _layer: &str, host: &str, _facts: &Facts) -> Vec<Resource> {
        let mut wanted = self.0.get(host).cloned().unwrap_or_default();
        for resource in &mut wanted {
            resource.role = "wish/test".into();
        }
        wanted
    }
}

/// How to reach the hosts and where to remember.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Access {
    /// The region folder is made beside this path.
    pub folder: PathBuf,
    /// Private key.
    pub identity: PathBuf,
    /// known_hosts file; new hosts are accepted.
    pub known_hosts: PathBuf,
    /// Address by host.
    pub hosts: BTreeMap<String, String>,
    /// Seconds that a lease lasts.
    pub lease: u64,
    /// Seconds that a host waits before it takes back what may cut SSH.
    pub window: u64,
    /// Seconds that a run waits for what earlier ones left at work.
    pub adoption: u64,
    /// Connections that all engines share. Else each makes its own, as each run of the program does.
    #[serde(skip)]
    pub connections: Option<Pool>,
}

impl Access {
    /// An engine for these hosts.
    pub fn engine(&self, wish: &Wish) -> Engine {
        let endpoint = |(name, address): (&String, &String)| {
            let mut endpoint = Endpoint::new(name, address, "root", &self.known_hosts);
            endpoint.identity = Some(self.identity.clone());
            endpoint.agent = false;
            endpoint.accept_new = true;
            endpoint
        };
        let text = serde_json::to_string(wish).unwrap_or_default();
        let about = About {
            region: "wish".into(),
            release: "none".into(),
            inventory_digest: sha256(text.as_bytes()),
            inventory: text,
            notes: Vec::new(),
        };
        let folder = RegionFolder::beside(&self.folder.join("region.yaml"));
        let engine = Engine::new(Kinds::host(), Arc::new(wish.clone()), folder, self.hosts.iter().map(endpoint), about, 64);
        match &self.connections {
            Some(connections) => engine.over(connections),
            None => engine,
        }
    }
}

/// Surveys and plans.
///
/// # Errors
/// The first host that cannot be worked with.
pub async fn plan(engine: &Engine, goal: &Goal) -> Result<Plan, String> {
    let survey = engine.survey(&Selection::default(), goal).await;
    if let Some(error) = survey.values().find_map(|surveyed| surveyed.as_ref().err()) {
        return Err(error.to_string());
    }
    engine.plan(&survey, &Selection::default(), goal).map_err(|error| error.to_string())
}

/// Makes the wish true (or takes everything back) and gives the plan and what came of it.
///
/// # Errors
/// The run did not begin.
pub async fn run(
    access: &Access,
    wish: &Wish,
    goal: &Goal,
    listener: impl Fn(&Event) + Send + Sync + 'static,
) -> Result<(Plan, Option<Outcome>), String> {
    run_with(&access.engine(wish), access, goal, listener).await
}

/// As [`run`], with an engine that knows more than the wish.
///
/// # Errors
/// The run did not begin.
pub async fn run_with(
    engine: &Engine,
    access: &Access,
    goal: &Goal,
    listener: impl Fn(&Event) + Send + Sync + 'static,
) -> Result<(Plan, Option<Outcome>), String> {
    let plan = plan(engine, goal).await?;
    if plan.is_empty() {
        return Ok((plan, None));
    }
    let outcome = execute(engine, &plan, access, goal, listener).await?;
    Ok((plan, Some(outcome)))
}

/// Executes a plan, which may have been made long before.
///
/// # Errors
/// The run did not begin.
pub async fn execute(
    engine: &Engine,
    plan: &Plan,
    access: &Access,
    goal: &Goal,
    listener: impl Fn(&Event) + Send + Sync + 'static,
) -> Result<Outcome, String> {
    let reset = *goal != Goal::Wanted;
    let verb = if reset { "reset" } else { "install" };
    let [lease, window, adoption] = [access.lease, access.window, access.adoption].map(Duration::from_secs);
    let order =
        Order { verb: verb.into(), allowed: Vec::new(), lease, reset, gone: std::collections::BTreeSet::new(), window, adoption };
    let (_keep, stop) = watch::channel(false);
    engine.execute(plan, &order, Box::new(listener), stop).await.map_err(|error| error.to_string())
}

/// The resource names of a plan's changes.
pub fn ids(plan: &Plan) -> BTreeSet<String> {
    plan.changes().map(|(_, host, change)| format!("{host} {}", change.id())).collect()
}
