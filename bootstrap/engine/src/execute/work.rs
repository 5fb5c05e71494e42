//! Everything that happens on one host.

use std::collections::BTreeMap;

use regionctl_plan::{Certainty, Change, HostStage, Ref, What};

use super::report::{Pace, Report};
use super::{HostOutcome, Run};
use crate::batch::{self, BatchName};
use crate::board::Status;
use crate::deadman;
use crate::planned::{self, Planned};
use crate::remote::{HostError, Remote};
use crate::survey::{Selection, Surveyed};

impl Run<'_> {
    /// Everything that happens on one host.
    pub(super) async fn work_on(&self, host: String, surveyed: Result<Surveyed, HostError>) -> (String, HostOutcome) {
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
        let differences = planned::differences(&self.engine.kinds, shown, &found);
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
        let settled = tokio::select! {
            settled = self.board.settled(waits) => settled,
            () = self.interrupted() => Status::Pending,
        };
        if self.has_lost(&remote.name) {
            return Err(remote.error("waiting", "another run took the lease".into()));
        }
        if settled == Status::Pending || *self.stop.borrow() || self.fenced.borrow().is_some() {
            return Err(remote.error("waiting", "the run was stopped".into()));
        }
        Ok(())
    }

    /// Tells a unit when the operator wants the run to end; never returns.
    async fn end_when_stopped(&self, remote: &Remote, name: &BatchName) -> std::convert::Infallible {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_ok() {
            let script = batch::stop_script(name);
            while remote.script_apart("ending the run", &script).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
        std::future::pending().await
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
        // It may have been stopped while this waited for its turn.
        self.settled(remote, &[]).await?;
        let (host, stage) = (&remote.name, layer);
        self.noted(
            remote,
            What::BatchStarted { host: host.clone(), stage: stage.into(), unit: name.unit(), changes: changes.len() },
        )?;
        let mut seen = 0;
        let mut report = Report {
            run: self,
            remote,
            layer,
            steps: &steps,
            mask: &mask,
            next: 0,
            begun: false,
            pace: Pace::default(),
            ended: false,
            stopped: None,
            outcome,
        };
        let follow = batch::follow_script(name);
        // After a reconnection the results come again from the first line.
        let mut line_number = 0;
        let start = batch::start_script(name, &self.mark_script(&remote.name), &unit_script);
        let follow = remote.follow(&start, &follow, |line| {
            if line.starts_with("@again") {
                line_number = 0;
            } else {
                line_number += 1;
                if line_number > seen {
                    seen = line_number;
                    report.line(line);
                }
            }
        });
        let followed = tokio::select! {
            followed = follow => followed,
            never = self.end_when_stopped(remote, name) => match never {},
        };
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
}
