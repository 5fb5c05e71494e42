//! A unit's result lines as journal events.

use std::time::{Duration, Instant};

use regionctl_plan::{Id, What};

use super::{HostOutcome, Run};
use crate::batch::{self, Line};
use crate::board::Status;
use crate::remote::{HostError, Remote};
use crate::secrets::Mask;

/// At most one progress event a second goes into the journal, which is written to the disk each time.
#[derive(Default)]
pub(super) struct Pace(Option<Instant>);

impl Pace {
    pub fn allows(&mut self) -> bool {
        let allowed = self.0.is_none_or(|last| last.elapsed() >= Duration::from_secs(1));
        if allowed {
            self.0 = Some(Instant::now());
        }
        allowed
    }
}

/// The beginning of a text that says how far something is.
pub(super) fn shortened(progress: &str) -> String {
    progress.chars().take(500).collect()
}

/// Turns a unit's result lines into journal events.
pub(super) struct Report<'a, 'r> {
    pub run: &'a Run<'r>,
    pub remote: &'a Remote,
    pub layer: &'a str,
    pub steps: &'a [batch::Step<'a>],
    pub mask: &'a Mask,
    /// The step that is next to end.
    pub next: usize,
    /// Whether it has begun.
    pub begun: bool,
    pub pace: Pace,
    pub ended: bool,
    pub stopped: Option<HostError>,
    pub outcome: &'a mut HostOutcome,
}

impl Report<'_, '_> {
    pub fn line(&mut self, line: &str) {
        let (host, stage) = (self.remote.name.clone(), self.layer.to_owned());
        match Line::read(line) {
            // Each step begins and ends once, in order, whatever a host says.
            Some(Line::Started(step)) if step == self.next && !self.begun => {
                self.begun = true;
                self.each(step, |id| What::ChangeStarted { host: host.clone(), stage: stage.clone(), id });
            }
            Some(Line::Progress(step, text)) if step == self.next && self.pace.allows() => {
                let progress = shortened(&self.mask.text(&text));
                let of = |id| What::ChangeProgress { host: host.clone(), stage: stage.clone(), id, progress: progress.clone() };
                self.each(step, of);
            }
            Some(Line::Done(step, millis)) if step == self.next => {
                self.each(step, |id| What::ChangeDone { host: host.clone(), stage: stage.clone(), id, millis });
                if let Some(step) = self.steps.get(step) {
                    self.run.board.set(&self.remote.name, step.changes.iter().copied(), Status::Done);
                    self.outcome.done += step.changes.len();
                }
                self.next += 1;
                self.begun = false;
            }
            Some(Line::Failed(step, error)) if self.stopped.is_none() => {
                let error = self.mask.text(&error);
                self.each(step, |id| What::ChangeFailed { host: host.clone(), stage: stage.clone(), id, error: error.clone() });
                let names: Vec<_> = self.steps.get(step).into_iter().flat_map(|s| &s.changes).map(|c| c.id().clone()).collect();
                let shown = names.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
                self.outcome.left.extend(names);
                self.stopped.get_or_insert(self.remote.error("executing", format!("{shown}: {error}")));
            }
            Some(Line::Stopped) => {
                self.stopped.get_or_insert(self.remote.error("executing", "the run was stopped".into()));
            }
            Some(Line::Fenced(by)) => {
                self.run.fence(&self.remote.name, &by);
                self.stopped.get_or_insert(self.remote.error("executing", "another run took the lease".into()));
            }
            Some(Line::End) => self.ended = true,
            _ => {}
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
