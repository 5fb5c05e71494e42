//! The state of a run, told from its events alone: what progress, summary and history show.

use std::collections::BTreeMap;
use std::time::Duration;

use regionctl_plan::{Event, Id, What};
use serde::Serialize;

use super::time::between;

/// A run so far.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// The run's id; empty before its first event.
    pub run: String,
    /// The verb.
    pub verb: String,
    /// Who: `user@machine`.
    pub owner: String,
    /// The plan's id.
    pub plan: String,
    /// The names given to `--allow`.
    pub allowed: Vec<String>,
    /// RFC 3339; empty before the first event.
    pub started: String,
    /// When the last event happened.
    pub last: String,
    /// The hosts, by name.
    pub hosts: BTreeMap<String, HostTally>,
    /// Who took the region's lock from this run.
    pub fenced_by: Option<String>,
    /// The generation that was written.
    pub generation: Option<u64>,
    /// Whether everything was done; `None`: the run goes on or was interrupted.
    pub ok: Option<bool>,
}

/// A host in a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HostTally {
    /// Its stages, in the order in which they run.
    pub stages: Vec<StageTally>,
    /// Why it could not be worked with.
    pub error: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A stage on a host.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StageTally {
    /// The layer.
    pub stage: String,
    /// Its changes, in the order in which they were planned.
    pub changes: Vec<ChangeTally>,
    /// What was not as the plan expected.
    pub differences: Vec<String>,
    /// SSH round trips.
    pub round_trips: u64,
    /// True once it ended.
    pub ended: bool,
}

/// A change on a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeTally {
    /// The resource.
    pub id: Id,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
}

/// How far a change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Not begun.
    Planned,
    /// Begun.
    Running,
    /// Ended well after so many milliseconds.
    Done {
        /// How long the host worked on it.
        millis: u64,
    },
    /// Ended badly.
    Failed {
        /// Why, with the last lines of output.
        error: String,
    },
    /// Not tried.
    Skipped {
        /// Why.
        why: String,
    },
}

/// How many changes are in which state. The parts never exceed the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// All.
    pub total: usize,
    /// Ended well.
    pub done: usize,
    /// Ended badly.
    pub failed: usize,
    /// Not tried.
    pub skipped: usize,
}

impl Parts {
    /// Those of which nothing more will be heard.
    pub fn settled(&self) -> usize {
        self.done + self.failed + self.skipped
    }

    /// Those that did not end well.
    pub fn left(&self) -> usize {
        self.total - self.done
    }

    /// The share that is settled, from 0 to 100; 100 only when all are, and also when there was nothing to do.
    pub fn percent(&self) -> usize {
        (self.settled() * 100).checked_div(self.total).unwrap_or(100)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            done: self.done + other.done,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl StageTally {
    /// How many changes are in which state.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts { total: self.changes.len(), ..Parts::default() };
        for change in &self.changes {
            match change.state {
                State::Planned | State::Running => {}
                State::Done { .. } => parts.done += 1,
                State::Failed { .. } => parts.failed += 1,
                State::Skipped { .. } => parts.skipped += 1,
            }
        }
        parts
    }

    /// True if anything was heard of it.
    pub fn began(&self) -> bool {
        self.ended || !self.differences.is_empty() || self.changes.iter().any(|change| change.state != State::Planned)
    }

    /// The change that the host works on.
    pub fn running(&self) -> Option<&Id> {
        self.changes.iter().rev().find(|change| change.state == State::Running).map(|change| &change.id)
    }

    fn set(&mut self, id: &Id, state: State) {
        match self.changes.iter_mut().find(|change| change.id == *id) {
            Some(change) => change.state = state,
            // Not announced, as what a deferred change turned into: the total grows with it.
            None => self.changes.push(ChangeTally { id: id.clone(), state }),
        }
    }
}

impl HostTally {
    /// How many changes of all its stages are in which state.
    pub fn parts(&self) -> Parts {
        self.stages.iter().map(StageTally::parts).fold(Parts::default(), Parts::plus)
    }

    /// The stage it is in: the last one that began, or the first.
    pub fn current(&self) -> Option<&StageTally> {
        self.stages.iter().rev().find(|stage| stage.began()).or_else(|| self.stages.first())
    }

    /// True if everything planned for it was done.
    pub fn is_done(&self) -> bool {
        self.error.is_none() && self.parts().left() == 0 && self.stages.iter().all(|stage| stage.differences.is_empty())
    }

    /// A stage by name, added if it was not announced.
    fn stage(&mut self, name: &str) -> &mut StageTally {
        let at = self.stages.iter().position(|stage| stage.stage == name).unwrap_or_else(|| {
            self.stages.push(StageTally { stage: name.to_owned(), ..StageTally::default() });
            self.stages.len() - 1
        });
        &mut self.stages[at]
    }
}

impl Tally {
    /// The state after these events.
    pub fn of(events: &[Event]) -> Self {
        let mut tally = Self::default();
        events.iter().for_each(|event| tally.add(event));
        tally
    }

    /// How many changes of all hosts are in which state.
    pub fn parts(&self) -> Parts {
        self.hosts.values().map(HostTally::parts).fold(Parts::default(), Parts::plus)
    }

    /// The time from the first to the last event.
    pub fn elapsed(&self) -> Duration {
        between(&self.started, &self.last)
    }

    /// Takes note of an event.
    pub fn add(&mut self, event: &Event) {
        if self.started.is_empty() {
            self.started.clone_from(&event.at);
        }
        self.last.clone_from(&event.at);
        match &event.what {
            What::RunStarted { run, verb, owner, plan, allowed, stages, .. } => {
                self.run.clone_from(run);
                self.verb.clone_from(verb);
                self.owner.clone_from(owner);
                self.plan.clone_from(plan);
                self.allowed.clone_from(allowed);
                for (name, hosts) in stages {
                    for (host, ids) in hosts {
                        let stage = self.stage(host, name);
                        ids.iter().for_each(|id| stage.set(id, State::Planned));
                    }
                }
            }
            What::LeaseTaken { host, .. } | What::UnitAdopted { host, .. } | What::UnitProgress { host, .. } => {
                self.host(host);
            }
            What::BatchStarted { host, stage, .. }
            | What::RevertArmed { host, stage, .. }
            | What::RevertDisarmed { host, stage } => drop(self.stage(host, stage)),
            What::Reverted { host, stage, changes, why } => {
                let stage = self.stage(host, stage);
                let failed = |change: &ChangeTally| matches!(change.state, State::Failed { .. });
                let reverted = |id: &&Id| !stage.changes.iter().any(|change| change.id == **id && failed(change));
                let reverted: Vec<_> = changes.iter().filter(reverted).cloned().collect();
                for id in reverted {
                    stage.set(&id, State::Failed { error: format!("taken back: {why}") });
                }
            }
            What::HostFailed { host, error, hint } => {
                let host = self.host(host);
                (host.error, host.hint) = (Some(error.clone()), hint.clone());
            }
            What::ChangeProgress { .. } => {}
            What::ChangeStarted { host, stage, id } => self.stage(host, stage).set(id, State::Running),
            What::ChangeDone { host, stage, id, millis } => self.stage(host, stage).set(id, State::Done { millis: *millis }),
            What::ChangeFailed { host, stage, id, error } => {
                self.stage(host, stage).set(id, State::Failed { error: error.clone() })
            }
            What::ChangeSkipped { host, stage, id, why } => self.stage(host, stage).set(id, State::Skipped { why: why.clone() }),
            What::PlanDiffers { host, stage, differences } => self.stage(host, stage).differences.clone_from(differences),
            What::StageDone { host, stage, round_trips } => {
                let stage = self.stage(host, stage);
                stage.round_trips = *round_trips;
                stage.ended = true;
            }
            What::Fenced { by, .. } => self.fenced_by = Some(by.clone()),
            What::Generation { number } => self.generation = Some(*number),
            What::RunEnded { ok, .. } => self.ok = Some(*ok),
        }
    }

    fn host(&mut self, name: &str) -> &mut HostTally {
        self.hosts.entry(name.to_owned()).or_default()
    }

    fn stage(&mut self, host: &str, stage: &str) -> &mut StageTally {
        self.host(host).stage(stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn counters_never_pass_the_total_nor_divide_by_nothing() {
        let events = samples::journal();
        let mut tally = Tally::default();
        let mut last = 0;
        // Every event twice: a resumed run repeats what it cannot know was seen.
        for event in events.iter().flat_map(|event| [event, event]) {
            tally.add(event);
            let parts = tally.parts();
            assert!(parts.settled() <= parts.total, "{parts:?}");
            assert!(parts.percent() <= 100);
            assert!(parts.settled() >= last);
            last = parts.settled();
        }
        assert_eq!(Parts::default().percent(), 100);
        assert_eq!(Parts { total: 300, done: 299, ..Parts::default() }.percent(), 99);
    }

    #[test]
    fn what_was_not_announced_is_counted_too() {
        let done = What::ChangeDone { host: "a".into(), stage: "base".into(), id: Id::new("file", "/x"), millis: 1 };
        let tally = Tally::of(&[Event { seq: 1, at: String::new(), what: done }]);
        assert_eq!((tally.parts().total, tally.parts().percent()), (1, 100));
    }

    #[test]
    fn a_journal_tells_the_run() {
        let tally = Tally::of(&samples::journal());
        let parts = tally.parts();
        assert_eq!((parts.total, parts.done, parts.failed, parts.skipped), (14, 8, 1, 2));
        assert_eq!((tally.ok, tally.generation), (Some(false), None));
        let done: Vec<_> = tally.hosts.iter().filter(|(_, host)| host.is_done()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(done, ["storage-1"]);
    }
}
