//! Executing a plan: hosts advance on their own and wait only where something truly depends on another host.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt as _;
use regionctl_plan::{Certainty, Change, Finding, HostStage, Id, Plan, Ref, Resource, What, forbidden};
use tokio::sync::{Semaphore, watch};

use crate::batch::{self, BatchName, Line};
use crate::board::{Board, Status};
use crate::deadman;
use crate::engine::{Engine, Survey};
use crate::folder::FolderError;
use crate::generation::Generation;
use crate::journal::{self, Journal, Listener};
use crate::lease;
use crate::planned::{self, Planned};
use crate::remote::{HostError, Remote};
use crate::secrets::{KeepError, Mask, SecretError};
use crate::survey::{Goal, Question, Selection, Surveyed};

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
    /// Who fenced the run off, if somebody did.
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
        let since_epoch = journal::now();
        let id = format!("{:x}-{}", since_epoch.as_millis(), &plan.id[..plan.id.len().min(6)]);
        let journal = Journal::create(&self.folder.journal(&id), listener).map_err(RunError::Journal)?;
        let board = Board::new(plan.changes().map(|(_, host, change)| Ref { host: host.to_owned(), id: change.id().clone() }));
        let run = Run {
            engine: self,
            plan,
            order,
            id,
            journal: Mutex::new(journal),
            board,
            slots: Semaphore::new(self.parallel),
            stop,
            fenced: watch::Sender::new(None),
        };
        run.start().await
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
        let fenced_by = self.fenced.borrow().clone();
        let ok = fenced_by.is_none() && hosts.values().all(|host| host.error.is_none() && host.left.is_empty());
        self.end(&hosts, ok)?;
        Ok(Outcome { run: self.id.clone(), ok, generation, fenced_by, hosts })
    }

    /// Compares the plan with the hosts as they are now, and keeps the secrets that were made for it.
    fn may_begin(&self, surveyed: &Survey) -> Result<(), RunError> {
        // A new key would hide that the one of an encrypted disk was lost.
        let lost = self.engine.lost_keys(self.plan, surveyed);
        if !forbidden(&lost, &self.order.allowed).is_empty() {
            return Err(RunError::Forbidden(lost));
        }
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

    /// Takes every host's lease and asks what is there now, in one round trip. The first host by name decides between two
    /// who start at once, so it is asked before the others.
    async fn take_leases(&self) -> Result<Survey, HostError> {
        let take = lease::take_script(&self.id, &self.engine.folder.owner(), &self.order.verb, self.order.lease);
        let take = take + &deadman::settle_script(&self.id);
        let (wants, selection) = (Planned(self.plan), Selection::default());
        let question = self.question(&wants, &selection);
        let mut remotes = self.remotes().into_iter();
        let mut survey = Survey::new();
        let mut answered = false;
        for remote in remotes.by_ref() {
            let first = question.ask(remote, &take, None).await;
            answered = first.is_ok();
            let held = matches!(first, Err(HostError::Held { .. }));
            survey.insert(remote.name.clone(), first);
            if answered || held {
                break;
            }
        }
        if answered {
            survey.extend(self.engine.ask_all(&question, remotes.collect(), &take).await);
        }
        if let Some(held) = survey.values().find_map(|s| s.as_ref().err().filter(|e| matches!(e, HostError::Held { .. }))) {
            let held = held.clone();
            self.release(survey.iter().filter(|(_, s)| s.is_ok()).map(|(name, _)| name)).await;
            return Err(held);
        }
        self.adopt(&mut survey, &question).await;
        Ok(survey)
    }

    /// Waits for units of dead runs, then looks again: what they were doing when we came is finished, the rest is fenced.
    async fn adopt(&self, survey: &mut Survey, question: &Question<'_>) {
        for (name, surveyed) in survey.iter_mut() {
            let (Ok(found), Some(remote)) = (&*surveyed, self.engine.remotes.get(name)) else { continue };
            let taken = What::LeaseTaken { host: name.clone(), from: found.taken_from.clone() };
            let units = found.view.facts.running_units.clone();
            let outcome = async {
                self.noted(remote, taken)?;
                for unit in units.iter().filter_map(|unit| BatchName::of_unit(unit)) {
                    self.noted(remote, What::UnitAdopted { host: name.clone(), unit: unit.unit() })?;
                    let follow = batch::follow_script(&unit);
                    remote.follow(&follow, &follow, |_| {}).await?;
                }
                if units.is_empty() { Ok(None) } else { question.ask(remote, "", None).await.map(Some) }
            };
            match outcome.await {
                Ok(None) => {}
                Ok(Some(again)) => *surveyed = Ok(again),
                Err(error) => *surveyed = Err(error),
            }
        }
    }

    /// Everything that happens on one host.
    async fn work_on(&self, host: String, surveyed: Result<Surveyed, HostError>) -> (String, HostOutcome) {
        let mut outcome = HostOutcome::default();
        let Some(remote) = self.engine.remotes.get(&host) else { return (host, outcome) };
        let before = remote.round_trips();
        let mut batches = 0;
        let worked = match surveyed {
            Ok(_) => self.stages(remote, &mut outcome, &mut batches).await,
            Err(error) => Err(error),
        };
        if let Err(error) = worked {
            outcome.hint = error.hint();
            let what = What::HostFailed { host: host.clone(), error: error.to_string(), hint: outcome.hint.clone() };
            let noted = self.note(what);
            outcome.error = Some(noted.map_or_else(|e| format!("cannot write the journal: {e}"), |()| error.to_string()));
        }
        self.skip_rest(&host, &mut outcome);
        outcome.round_trips = remote.round_trips() - before;
        (host, outcome)
    }

    /// Whatever of a host is still pending will not be tried.
    fn skip_rest(&self, host: &str, outcome: &mut HostOutcome) {
        let mut settled = outcome.done;
        for stage in &self.plan.stages {
            for change in stage.hosts.get(host).map(|on| on.changes.as_slice()).unwrap_or_default() {
                if settled > 0 {
                    settled -= 1;
                    continue;
                }
                if !outcome.left.contains(change.id()) {
                    let why = outcome.error.clone().unwrap_or_else(|| "the run was stopped".into());
                    let why = why.lines().next().unwrap_or_default().to_owned();
                    let what =
                        What::ChangeSkipped { host: host.to_owned(), stage: stage.layer.clone(), id: change.id().clone(), why };
                    // Nothing is lost if this line cannot be written: the journal then ends before it.
                    let _ = self.note(what);
                    outcome.left.push(change.id().clone());
                }
                self.board.set(host, [change], Status::Failed);
            }
        }
        if outcome.error.is_none() && !outcome.left.is_empty() {
            outcome.error = Some("the run was stopped".into());
        }
    }

    async fn stages(&self, remote: &Remote, outcome: &mut HostOutcome, batches: &mut usize) -> Result<(), HostError> {
        for stage in &self.plan.stages {
            let Some(shown) = stage.hosts.get(&remote.name).filter(|on| !on.changes.is_empty()) else { continue };
            let trips = remote.round_trips();
            if shown.changes.iter().any(|change| change.certainty != Certainty::Exact) {
                self.still_as_shown(remote, &stage.layer, shown).await?;
            }
            let mut left = shown.changes.as_slice();
            while let Some(first) = left.first() {
                let (group, later) = left.split_at(deadman::group(left));
                if first.resource.may_cut_ssh() {
                    self.switch(remote, &stage.layer, group, outcome, batches).await?;
                } else {
                    self.batches(remote, &stage.layer, group, "", outcome, batches).await?;
                }
                left = later;
            }
            let round_trips = remote.round_trips() - trips;
            self.noted(remote, What::StageDone { host: remote.name.clone(), stage: stage.layer.clone(), round_trips })?;
        }
        Ok(())
    }

    /// Changes in as few round trips as what they wait for allows. `arm` comes before the first.
    async fn batches(
        &self,
        remote: &Remote,
        layer: &str,
        changes: &[Change],
        mut arm: &str,
        outcome: &mut HostOutcome,
        batches: &mut usize,
    ) -> Result<(), HostError> {
        let mut left = changes;
        while !left.is_empty() {
            let ready = self.ready(remote, left).await?;
            let (now, later) = left.split_at(ready);
            *batches += 1;
            let name = BatchName { run: self.id.clone(), number: *batches };
            self.batch(remote, layer, &name, now, std::mem::take(&mut arm), outcome).await?;
            left = later;
        }
        Ok(())
    }

    /// Changes that may cut SSH: armed before, and kept only over a new connection.
    async fn switch(
        &self,
        remote: &Remote,
        layer: &str,
        group: &[Change],
        outcome: &mut HostOutcome,
        batches: &mut usize,
    ) -> Result<(), HostError> {
        let (host, stage) = (remote.name.clone(), layer.to_owned());
        let unknown = |kind: String| remote.error("planning", format!("no kind `{kind}` is known to this version"));
        let arm = deadman::arm_script(&self.engine.kinds, &self.id, self.order.window, group).map_err(unknown)?;
        let seconds = self.order.window.as_secs();
        self.settled(remote, &self.before_what_it_waits_for(group)).await?;
        self.noted(remote, What::RevertArmed { host: host.clone(), stage: stage.clone(), seconds, changes: group.len() })?;
        let before = outcome.done;
        let worked = self.batches(remote, layer, group, &arm, outcome, batches).await;
        let window = self.order.window + deadman::GOING_BACK;
        let Some(why) = remote.keep_or_go_back(&self.id, worked.is_ok(), window).await? else {
            if worked.is_ok() {
                self.noted(remote, What::RevertDisarmed { host, stage })?;
            }
            return worked;
        };
        outcome.done = before;
        let ids: Vec<_> = group.iter().map(|change| change.id().clone()).collect();
        outcome.left.extend(ids.iter().filter(|id| !outcome.left.contains(id)).cloned().collect::<Vec<_>>());
        self.board.set(&host, group, Status::Failed);
        self.noted(remote, What::Reverted { host: host.clone(), stage, changes: ids, why: why.clone() })?;
        Err(HostError::Reverted { host, why, cause: worked.err().map(Box::new) })
    }

    /// At a stage boundary: the host must need nothing that was not shown.
    async fn still_as_shown(&self, remote: &Remote, layer: &str, shown: &HostStage) -> Result<(), HostError> {
        let wants = Planned(self.plan);
        let selection = Selection { layers: [layer.to_owned()].into(), ..Selection::default() };
        let surveyed = self.question(&wants, &selection).ask(remote, "", None).await?;
        let views = BTreeMap::from([(remote.name.clone(), surveyed.view)]);
        let found = crate::planner::stages(&self.engine.kinds, &[layer.to_owned()], &views);
        let found =
            found.first().and_then(|stage| stage.hosts.get(&remote.name)).map(|on| on.changes.clone()).unwrap_or_default();
        // What goes back waits for other hosts, which one host's view cannot tell; everything else must be as shown.
        let found: Vec<_> = found.into_iter().filter(|c| c.action != regionctl_plan::Action::Return).collect();
        let differences = planned::differences(shown, &found);
        if differences.is_empty() {
            return Ok(());
        }
        let message = differences.join(", ");
        self.noted(remote, What::PlanDiffers { host: remote.name.clone(), stage: layer.to_owned(), differences })?;
        Err(remote.error("comparing with the plan", message))
    }

    /// How many of the next changes can go out together; waits for other hosts if it is none.
    async fn ready(&self, remote: &Remote, changes: &[Change]) -> Result<usize, HostError> {
        let Some(first) = changes.first() else { return Ok(0) };
        self.settled(remote, &first.resource.waits).await?;
        if let Some(failed) = self.board.failed(first) {
            return Err(remote.error("waiting", format!("`{}` needs `{failed}`, which did not succeed", first.id())));
        }
        let waiting = |change: &Change| self.board.waits(change) != Status::Done;
        Ok(changes.iter().position(waiting).unwrap_or(changes.len()))
    }

    /// Waits for changes of other hosts, however they end.
    async fn settled(&self, remote: &Remote, waits: &[Ref]) -> Result<(), HostError> {
        let mut stop = self.stop.clone();
        let mut fenced = self.fenced.subscribe();
        let settled = tokio::select! {
            settled = self.board.settled(waits) => settled,
            _ = stop.wait_for(|stop| *stop) => Status::Pending,
            _ = fenced.wait_for(Option::is_some) => Status::Pending,
        };
        if settled == Status::Pending || *self.stop.borrow() || self.fenced.borrow().is_some() {
            return Err(remote.error("waiting", "the run was stopped".into()));
        }
        Ok(())
    }

    /// What the other hosts do before they come to what a group waits for: the group's time must not pass meanwhile.
    fn before_what_it_waits_for(&self, group: &[Change]) -> Vec<Ref> {
        let waits = group.iter().flat_map(|change| &change.resource.waits);
        let earlier = waits.filter_map(|wait| {
            let on_host = self.plan.stages.iter().filter_map(|stage| stage.hosts.get(&wait.host));
            let changes: Vec<_> = on_host.flat_map(|on| &on.changes).collect();
            let at = changes.iter().position(|change| *change.id() == wait.id)?;
            let last = changes[..at].iter().rfind(|change| !change.resource.may_cut_ssh())?;
            Some(Ref { host: wait.host.clone(), id: last.id().clone() })
        });
        earlier.collect()
    }

    async fn batch(
        &self,
        remote: &Remote,
        layer: &str,
        name: &BatchName,
        changes: &[Change],
        arm: &str,
        outcome: &mut HostOutcome,
    ) -> Result<(), HostError> {
        let refs: Vec<_> = changes.iter().collect();
        let steps = batch::steps(&self.engine.kinds, &refs);
        let vault = &self.engine.vault;
        let unit_script = batch::unit_script(&self.engine.kinds, vault, name, layer, &steps, arm)
            .map_err(|error| remote.error("planning", error.to_string()))?;
        let mask = vault.mask(changes);
        let _slot = self.slots.acquire().await;
        let (host, stage) = (&remote.name, layer);
        self.noted(
            remote,
            What::BatchStarted { host: host.clone(), stage: stage.into(), unit: name.unit(), changes: changes.len() },
        )?;
        let mut seen = 0;
        let mut report =
            Report { run: self, remote, layer, steps: &steps, mask: &mask, next: 0, ended: false, stopped: None, outcome };
        let follow = batch::follow_script(name);
        // After a reconnection the results come again from the first line.
        let mut line_number = 0;
        let followed = remote
            .follow(&batch::start_script(name, &unit_script), &follow, |line| {
                if line.starts_with("@again") {
                    line_number = 0;
                } else {
                    line_number += 1;
                    if line_number > seen {
                        seen = line_number;
                        report.line(line);
                    }
                }
            })
            .await;
        if let Some(error) = report.stopped {
            return Err(error);
        }
        let ended = report.ended;
        let at = report.steps.get(report.next).and_then(|step| step.changes.first()).map(|change| change.id().to_string());
        let at = at.unwrap_or_else(|| "the end".into());
        followed.map_err(|error| remote.during(error, &at).masked(&mask))?;
        if !ended {
            return Err(remote.error("executing", format!("the unit was interrupted at `{at}`; was the host restarted?")));
        }
        Ok(())
    }

    async fn keep_leases(&self) {
        let renew = lease::renew_script(&self.id, self.order.lease);
        loop {
            tokio::time::sleep(self.order.lease / 3).await;
            let renewals = self.remotes().into_iter().map(|remote| {
                let renew = &renew;
                async move { (remote, remote.script("renewing the lease", renew).await) }
            });
            let answers: Vec<_> = futures::stream::iter(renewals).buffer_unordered(self.engine.parallel).collect().await;
            for (remote, answer) in answers {
                let Ok(answer) = answer else { continue };
                if let Some(held) = answer.lines().skip_while(|line| *line != "@held").nth(1) {
                    self.fence(&remote.name, held);
                }
            }
        }
    }

    fn fence(&self, host: &str, held: &str) {
        let by =
            lease::Lease::read(held).map_or_else(|| "nobody".into(), |l| format!("{} (`{}`, run {})", l.owner, l.verb, l.run));
        let first = self.fenced.send_if_modified(|fenced| {
            let first = fenced.is_none();
            fenced.get_or_insert_with(|| by.clone());
            first
        });
        if first {
            let _ = self.note(What::Fenced { host: host.to_owned(), by });
        }
    }

    /// Looks once more, writes the generation if all is well, and gives the leases back.
    async fn finish(&self, hosts: &mut BTreeMap<String, HostOutcome>) -> Result<Option<u64>, RunError> {
        let well = |hosts: &BTreeMap<String, HostOutcome>| hosts.values().all(|h| h.error.is_none() && h.left.is_empty());
        if self.fenced.borrow().is_some() {
            return Ok(None);
        }
        let mut generation = None;
        let mut behind = false;
        if well(hosts) {
            let (wants, selection) = (Planned(self.plan), Selection::default());
            let survey = self.engine.ask_all(&self.question(&wants, &selection), self.remotes(), "").await;
            behind = survey.values().flatten().any(|surveyed| self.engine.is_behind(&surveyed.view.facts, self.plan.parent));
            for (host, differences) in self.unsettled(&survey) {
                let outcome = hosts.entry(host.clone()).or_default();
                outcome.error = Some(format!("after the run it is not as wanted: {}", differences.join(", ")));
                self.note(What::PlanDiffers { host, stage: String::new(), differences }).map_err(RunError::Journal)?;
            }
        }
        if well(hosts) {
            generation = self.write_generation(hosts, behind).await?;
        }
        self.release(hosts.keys()).await;
        Ok(generation)
    }

    /// What a plan made now would still change.
    fn unsettled(&self, survey: &Survey) -> Vec<(String, Vec<String>)> {
        let layers: Vec<_> = self.plan.stages.iter().map(|stage| stage.layer.clone()).collect();
        let mut unsettled = Vec::new();
        let mut views = BTreeMap::new();
        for (host, surveyed) in survey {
            match surveyed {
                Ok(surveyed) => drop(views.insert(host.clone(), surveyed.view.clone())),
                Err(error) => unsettled.push((host.clone(), vec![error.to_string()])),
            }
        }
        for stage in crate::planner::stages(&self.engine.kinds, &layers, &views) {
            for (host, on) in stage.hosts.into_iter().filter(|(_, on)| !on.changes.is_empty()) {
                let say = |change: &Change| {
                    let fields: Vec<_> = change.fields().iter().map(|f| f.field.to_owned()).collect();
                    format!("`{}` ({})", change.id(), fields.join(", "))
                };
                unsettled.push((host, on.changes.iter().map(say).collect()));
            }
        }
        unsettled
    }

    /// `behind`: some host does not have the parent generation or these secrets, because it is new or they are.
    async fn write_generation(&self, hosts: &mut BTreeMap<String, HostOutcome>, behind: bool) -> Result<Option<u64>, RunError> {
        let parent = self.plan.parent.map(|number| self.engine.folder.generation(number)).transpose()?;
        let wanted = self.resolved(parent.as_ref());
        let same = parent.filter(|parent| parent.same_region(&wanted, &self.plan.inventory));
        let new = same.is_none();
        let generation = same.unwrap_or_else(|| Generation {
            number: self.plan.parent.unwrap_or(0) + 1,
            parent: self.plan.parent,
            at: regionctl_plan::rfc3339(journal::now()),
            run: self.id.clone(),
            release: self.plan.release.clone(),
            inventory_digest: self.plan.inventory.clone(),
            inventory: self.engine.about.inventory.clone(),
            wanted,
        });
        if !new && !behind {
            return Ok(None);
        }
        let store = generation.store_script(&self.id, self.engine.vault.sealed_file().as_deref());
        let script = if self.order.reset { lease::forget_script(&self.id, &store) } else { store };
        let stores = self.remotes().into_iter().map(|remote| {
            let script = &script;
            async move { (remote.name.clone(), remote.script("keeping the generation", script).await) }
        });
        let stored: Vec<_> = futures::stream::iter(stores).buffer_unordered(self.engine.parallel).collect().await;
        for (host, result) in stored {
            if let Err(error) = result {
                hosts.entry(host).or_default().error = Some(error.to_string());
            }
        }
        if !new {
            return Ok(None);
        }
        self.engine.folder.keep_generation(&generation)?;
        self.note(What::Generation { number: generation.number }).map_err(RunError::Journal)?;
        Ok(Some(generation.number))
    }

    /// Every resource that is wanted now: what the plan says, and the parent's for hosts and layers that it left out.
    fn resolved(&self, parent: Option<&Generation>) -> BTreeMap<String, Vec<Resource>> {
        let mut wanted: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
        let planned_layer = |resource: &Resource| {
            let layer = resource.role.split('/').next().unwrap_or_default();
            self.plan.stages.iter().any(|stage| stage.layer == layer)
        };
        let planned_host = |host: &str| self.plan.stages.iter().any(|stage| stage.hosts.contains_key(host));
        for (host, resources) in parent.into_iter().flat_map(|parent| &parent.wanted) {
            let kept = resources.iter().filter(|resource| !planned_host(host) || !planned_layer(resource)).cloned();
            wanted.entry(host.clone()).or_default().extend(kept);
        }
        for stage in &self.plan.stages {
            for (host, on) in &stage.hosts {
                let lasting = on.wanted.iter().filter(|resource| !resource.is_once());
                wanted.entry(host.clone()).or_default().extend(lasting.cloned());
            }
        }
        wanted.retain(|_, resources| !resources.is_empty());
        wanted
    }

    /// A host that does not answer keeps the lease until it expires.
    async fn release(&self, hosts: impl Iterator<Item = &String>) {
        let script = lease::release_script(&self.id);
        let releases = hosts.filter_map(|host| self.engine.remotes.get(host)).map(|remote| {
            let script = &script;
            async move {
                if let Err(error) = remote.script("giving the lease back", script).await {
                    tracing::warn!("{error}");
                }
            }
        });
        futures::stream::iter(releases).buffer_unordered(self.engine.parallel).collect::<Vec<_>>().await;
    }
}

/// Turns a unit's result lines into journal events.
struct Report<'a, 'r> {
    run: &'a Run<'r>,
    remote: &'a Remote,
    layer: &'a str,
    steps: &'a [batch::Step<'a>],
    mask: &'a Mask,
    /// The step that is next to end.
    next: usize,
    ended: bool,
    stopped: Option<HostError>,
    outcome: &'a mut HostOutcome,
}

impl Report<'_, '_> {
    fn line(&mut self, line: &str) {
        let (host, stage) = (self.remote.name.clone(), self.layer.to_owned());
        match Line::read(line) {
            Some(Line::Started(step)) => {
                self.each(step, |id| What::ChangeStarted { host: host.clone(), stage: stage.clone(), id });
            }
            Some(Line::Progress(step, text)) => {
                let progress = self.mask.text(&text);
                let of = |id| What::ChangeProgress { host: host.clone(), stage: stage.clone(), id, progress: progress.clone() };
                self.each(step, of);
            }
            Some(Line::Done(step, millis)) => {
                self.each(step, |id| What::ChangeDone { host: host.clone(), stage: stage.clone(), id, millis });
                if let Some(step) = self.steps.get(step) {
                    self.run.board.set(&self.remote.name, step.changes.iter().copied(), Status::Done);
                    self.outcome.done += step.changes.len();
                }
                self.next = step + 1;
            }
            Some(Line::Failed(step, error)) => {
                let error = self.mask.text(&error);
                self.each(step, |id| What::ChangeFailed { host: host.clone(), stage: stage.clone(), id, error: error.clone() });
                let names: Vec<_> = self.steps.get(step).into_iter().flat_map(|s| &s.changes).map(|c| c.id().clone()).collect();
                let shown = names.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
                self.outcome.left.extend(names);
                self.stopped.get_or_insert(self.remote.error("executing", format!("{shown}: {error}")));
            }
            Some(Line::Fenced(by)) => {
                self.run.fence(&self.remote.name, &by);
                self.stopped.get_or_insert(self.remote.error("executing", "another run took the lease".into()));
            }
            Some(Line::End) => self.ended = true,
            None => {}
        }
    }

    fn each(&mut self, step: usize, what: impl Fn(Id) -> What) {
        for change in self.steps.get(step).into_iter().flat_map(|step| &step.changes) {
            if let Err(error) = self.run.noted(self.remote, what(change.id().clone())) {
                self.stopped.get_or_insert(error);
            }
        }
    }
}
