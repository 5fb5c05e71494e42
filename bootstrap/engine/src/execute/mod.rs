//! Executing a plan: hosts advance on their own and wait only where something truly depends on another host.

mod finish;
mod forget;
mod leases;
mod report;
mod settle;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use regionctl_plan::{Finding, HostStage, Id, Mark, Plan, Ref, What, forbidden};
use tokio::sync::{Semaphore, watch};

use crate::board::Board;
use crate::engine::{Engine, Survey};
use crate::folder::FolderError;
use crate::identity;
use crate::journal::{self, Journal, Listener};
use crate::planned::Planned;
use crate::remote::{HostError, Remote};
use crate::secrets::{KeepError, SecretError};
use crate::survey::{Goal, Question, Selection};

pub use leases::ADOPTION;

/// How a plan is to be executed.
#[derive(Debug, Clone)]
pub struct Order {
    /// The verb, as others will read it on the lease.
    pub verb: String,
    /// The names given to `--allow`.
    pub allowed: Vec<String>,
    /// How long the lease lasts without renewal.
    pub lease: Duration,
    /// True if nothing is wanted any more.
    pub reset: bool,
    /// How long a host waits for a new connection before it takes back what may have cut SSH; [`deadman::WINDOW`] usually.
    pub window: Duration,
    /// Hosts that are gone for good: nothing is wanted of them any more.
    pub gone: BTreeSet<String>,
    /// How long what earlier runs left at work is waited for, on all hosts at once; [`ADOPTION`] usually.
    pub adoption: Duration,
}

/// What came out of a run.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Outcome {
    /// The run.
    pub run: String,
    /// True if everything planned was done and the hosts are as wanted.
    pub ok: bool,
    /// The generation that was written.
    pub generation: Option<u64>,
    /// Who fenced the run off, or one of its hosts, if somebody did.
    pub fenced_by: Option<String>,
    /// By host.
    pub hosts: BTreeMap<String, HostOutcome>,
}

/// What came out of a run on one host.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct HostOutcome {
    /// Changes that ended well.
    pub done: usize,
    /// Changes that failed or were not tried.
    pub left: Vec<Id>,
    /// Why the host's work stopped, if it did.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// SSH round trips used.
    pub round_trips: u64,
}

/// Why a run did not begin. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody else works on the region, or a host cannot be had.
    #[error(transparent)]
    Lease(#[from] HostError),
    /// The region folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The plan needs a secret that is not there.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What was made for the plan cannot be kept.
    #[error("cannot keep the secrets that were made")]
    NotKept(#[source] KeepError),
    /// What the hosts tell, as they are now, forbids the plan.
    #[error("the hosts are in a state in which this plan does harm")]
    Forbidden(Vec<Finding>),
    /// The journal cannot be written.
    #[error("cannot write the journal")]
    Journal(#[source] std::io::Error),
    /// The hosts are not as they were when the plan was made.
    #[error("the hosts are not as the plan found them:\n{}", list(.0))]
    Drifted(Vec<(String, String, Vec<String>)>),
    /// The plan starts from another generation than the folder is at.
    #[error("the plan starts from generation {}, the region is at {}", number(*planned), number(*now))]
    OtherParent {
        /// The plan's.
        planned: Option<u64>,
        /// The folder's.
        now: Option<u64>,
    },
}

fn number(generation: Option<u64>) -> String {
    generation.map_or("none".into(), |n| n.to_string())
}

fn list(drift: &[(String, String, Vec<String>)]) -> String {
    let lines = drift.iter().flat_map(|(host, layer, what)| what.iter().map(move |what| format!("  {host} ({layer}): {what}")));
    lines.collect::<Vec<_>>().join("\n")
}

/// What all hosts' workers share.
struct Run<'a> {
    engine: &'a Engine,
    plan: &'a Plan,
    order: &'a Order,
    id: String,
    journal: Mutex<Journal>,
    board: Board,
    slots: Semaphore,
    /// Set when nothing more may be started: the operator's wish, or a lost lease.
    stop: watch::Receiver<bool>,
    fenced: watch::Sender<Option<String>>,
    /// The hosts whose lease the run took.
    held: OnceLock<BTreeSet<String>>,
    /// The hosts that somebody else holds, and who; if they are most of them, the whole run is fenced off.
    lost: Mutex<BTreeMap<String, String>>,
    /// Whose the hosts are once the run has begun.
    mark: OnceLock<Mark>,
}

impl Engine {
    /// Executes a plan. When `stop` turns true no further batch is started.
    ///
    /// # Errors
    /// The run did not begin, and nothing was changed.
    pub async fn execute(
        &self,
        plan: &Plan,
        order: &Order,
        listener: Listener,
        stop: watch::Receiver<bool>,
    ) -> Result<Outcome, RunError> {
        let _lock = self.folder.lock(&order.verb)?;
        let now = self.folder.generations()?.last().copied();
        if now != plan.parent {
            return Err(RunError::OtherParent { planned: plan.parent, now });
        }
        for (_, _, change) in plan.changes() {
            self.vault.change(&self.kinds, change)?;
        }
        self.run(plan, order, listener, stop)?.start().await
    }

    /// A run of this plan, with a journal of its own.
    fn run<'a>(
        &'a self,
        plan: &'a Plan,
        order: &'a Order,
        listener: Listener,
        stop: watch::Receiver<bool>,
    ) -> Result<Run<'a>, RunError> {
        let since_epoch = journal::now();
        let id = format!("{:x}-{}", since_epoch.as_millis(), &plan.id[..plan.id.len().min(6)]);
        let journal = Journal::new(self.folder.new_journal(&id)?, listener);
        let board = Board::new(plan.changes().map(|(_, host, change)| Ref { host: host.to_owned(), id: change.id().clone() }));
        Ok(Run {
            engine: self,
            plan,
            order,
            id,
            journal: Mutex::new(journal),
            board,
            slots: Semaphore::new(self.parallel),
            stop,
            fenced: watch::Sender::new(None),
            held: OnceLock::new(),
            lost: Mutex::default(),
            mark: OnceLock::new(),
        })
    }
}

impl Run<'_> {
    async fn start(&self) -> Result<Outcome, RunError> {
        self.note(self.registered()).map_err(RunError::Journal)?;
        let surveyed = match self.take_leases().await {
            Ok(surveyed) => surveyed,
            Err(error) => {
                self.end(&BTreeMap::new(), false)?;
                return Err(error.into());
            }
        };
        if let Err(why) = self.may_begin(&surveyed) {
            self.release(surveyed.keys()).await;
            self.end(&BTreeMap::new(), false)?;
            return Err(why);
        }
        let mut hosts = BTreeMap::new();
        let work = futures::future::join_all(surveyed.into_iter().map(|(host, view)| self.work_on(host, view)));
        tokio::select! {
            outcomes = work => hosts.extend(outcomes),
            () = self.keep_leases() => {}
        }
        let generation = self.finish(&mut hosts).await?;
        let fenced_by = self.fenced.borrow().clone().or_else(|| self.first_lost());
        let ok = fenced_by.is_none() && hosts.values().all(|host| host.error.is_none() && host.left.is_empty());
        self.end(&hosts, ok)?;
        Ok(Outcome { run: self.id.clone(), ok, generation, fenced_by, hosts })
    }

    /// Compares the plan with the hosts as they are now, and keeps the secrets that were made for it.
    fn may_begin(&self, surveyed: &Survey) -> Result<(), RunError> {
        let mark = self.engine.mark_for_run(surveyed)?;
        let mut findings = self.engine.foreign(Some(&mark), surveyed);
        // A new key would hide that the one of an encrypted disk was lost.
        findings.extend(self.engine.harm(self.plan, surveyed));
        if !forbidden(&findings, &self.order.allowed).is_empty() {
            return Err(RunError::Forbidden(findings));
        }
        self.mark.get_or_init(|| mark);
        let drift = self.engine.drift(self.plan, surveyed);
        for (host, stage, differences) in &drift {
            let what = What::PlanDiffers { host: host.clone(), stage: stage.clone(), differences: differences.clone() };
            self.note(what).map_err(RunError::Journal)?;
        }
        if !drift.is_empty() {
            return Err(RunError::Drifted(drift));
        }
        self.engine.vault.keep().map_err(RunError::NotKept)
    }

    /// Shell that makes a host the region's, before anything of the region is on it.
    fn mark_script(&self, host: &str) -> String {
        self.mark.get().map(|mark| identity::mark_script(mark, host)).unwrap_or_default()
    }

    /// Returns when nothing more may be started.
    async fn interrupted(&self) {
        let (mut stop, mut fenced) = (self.stop.clone(), self.fenced.subscribe());
        tokio::select! {
            Ok(_) = stop.wait_for(|stop| *stop) => {}
            Ok(_) = fenced.wait_for(Option::is_some) => {}
            else => std::future::pending().await,
        }
    }

    fn registered(&self) -> What {
        let ids = |on: &HostStage| on.changes.iter().map(|change| change.id().clone()).collect();
        let stages = self.plan.stages.iter().map(|stage| {
            let changing = stage.hosts.iter().filter(|(_, on)| !on.changes.is_empty());
            (stage.layer.clone(), changing.map(|(host, on)| (host.clone(), ids(on))).collect())
        });
        What::RunStarted {
            run: self.id.clone(),
            verb: self.order.verb.clone(),
            owner: self.engine.folder.owner(),
            plan: self.plan.id.clone(),
            parent: self.plan.parent,
            allowed: self.order.allowed.clone(),
            stages: stages.collect(),
        }
    }

    fn note(&self, what: What) -> std::io::Result<()> {
        self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(what)
    }

    /// As [`Run::note`], for events after which the host's work goes on; a journal that cannot be written stops the run.
    fn noted(&self, remote: &Remote, what: What) -> Result<(), HostError> {
        self.note(what).map_err(|error| remote.error("writing the journal", error.to_string()))
    }

    fn end(&self, hosts: &BTreeMap<String, HostOutcome>, ok: bool) -> Result<(), RunError> {
        let done = hosts.values().map(|host| host.done).sum();
        let left = hosts.values().map(|host| host.left.len()).sum();
        self.note(What::RunEnded { ok, planned: self.plan.counts(), done, left }).map_err(RunError::Journal)
    }

    fn question<'q>(&'q self, wants: &'q Planned<'q>, selection: &'q Selection) -> Question<'q> {
        Question { kinds: &self.engine.kinds, vault: &self.engine.vault, wants, selection, goal: &Goal::Wanted }
    }

    /// The hosts of the plan, in order of name.
    fn remotes(&self) -> Vec<&Remote> {
        let planned = |name: &str| self.plan.stages.iter().any(|stage| stage.hosts.contains_key(name));
        self.engine.remotes.values().filter(|remote| planned(&remote.name)).collect()
    }
}
