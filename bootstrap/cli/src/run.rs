//! Executing a plan, for `install` and `reset`: lints, the question, progress, summary, exit code.

use std::collections::BTreeSet;
use std::path::Path;

use regionctl_engine::{ADOPTION, Engine, LEASE_TIME, Order, Outcome, RunError};
use regionctl_plan::{Finding, Plan, forbidden};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::live::Live;
use crate::output::Output;
use crate::render::findings::{self, hint_line};
use crate::render::tally::Tally;
use crate::render::{plan, summary};
use crate::survey::exit_of;
use crate::vault;

/// How a plan is executed.
pub struct Execution<'a> {
    /// The verb.
    pub verb: &'a str,
    /// The names given to `--allow`.
    pub allowed: &'a [String],
    /// Gets every event as a line of JSON.
    pub events: Option<&'a Path>,
    /// True if nothing is wanted any more.
    pub reset: bool,
    /// Hosts that are gone for good.
    pub gone: BTreeSet<String>,
    /// How long a host waits before it takes back what may cut SSH.
    pub window: std::time::Duration,
}

impl Execution<'_> {
    /// The same for the engine.
    pub fn order(&self) -> Order {
        Order {
            verb: self.verb.to_owned(),
            allowed: self.allowed.to_vec(),
            lease: LEASE_TIME,
            reset: self.reset,
            gone: self.gone.clone(),
            window: self.window,
            adoption: ADOPTION,
        }
    }
}

/// What is printed with `-o json`.
#[derive(Serialize)]
struct Report<'a> {
    plan: &'a str,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

/// Shows a plan on standard error: there it does not mix with the run's own result.
pub fn show(plan: &Plan, allowed: &[String], output: &Output) {
    let options = plan::Options { style: *output.err(), full: output.verbose > 0, allowed };
    output.say(&plan::render(plan, &options));
}

/// Refuses a plan that a lint forbids.
///
/// # Errors
/// The names to allow.
pub fn permit(plan: &Plan, allowed: &[String]) -> Result<(), Failure> {
    permitted("lint", &plan.findings, allowed, Exit::Refused)
}

/// Refuses to go on with errors that are not allowed by name. They were shown before, with what to do.
///
/// # Errors
/// The names to allow, with this exit code.
pub fn permitted(by: &str, findings: &[Finding], allowed: &[String], exit: Exit) -> Result<(), Failure> {
    if forbidden(findings, allowed).is_empty() {
        return Ok(());
    }
    Err(forbidden_by(by, findings, allowed, exit))
}

fn forbidden_by(by: &str, findings: &[Finding], allowed: &[String], exit: Exit) -> Failure {
    let names: BTreeSet<_> = forbidden(findings, allowed).iter().map(|finding| finding.name.as_str()).collect();
    let names: Vec<_> = names.into_iter().collect();
    Failure::new(exit, format!("nothing was changed: {by} forbids it: {}", names.join(", ")))
}

/// Executes a plan and prints what came out.
///
/// # Errors
/// The run did not begin.
pub async fn execute(engine: &Engine, plan: &Plan, how: &Execution<'_>, output: &Output) -> Result<Exit, Failure> {
    let live = Live::new(*output, how.events)?;
    let watch = interrupt::watch(live.clone())?;
    let executed = engine.execute(plan, &how.order(), live.listener(), watch.stopped()).await;
    let tally = live.finish();
    let outcome = executed.map_err(|error| did_not_begin(&error, how.allowed, output))?;
    output.data(&Report { plan: &plan.id, outcome: &outcome }, |style| {
        let mut text = summary::render(&tally, style);
        for (host, came) in &outcome.hosts {
            if let Some(hint) = &came.hint {
                text += &hint_line(&format!("{host}: {hint}"), style);
            }
        }
        text
    })?;
    Ok(exit(&outcome, &tally, watch.is_stopped()))
}

/// The domain of what went wrong; the first that applies in the order of how much it says.
fn exit(outcome: &Outcome, tally: &Tally, stopped: bool) -> Exit {
    let parts = tally.parts();
    // A difference without a stage was found after the last one.
    let differs = |which: fn(&str) -> bool| {
        let mut stages = tally.hosts.values().flat_map(|host| &host.stages);
        stages.any(|stage| which(&stage.stage) && !stage.differences.is_empty())
    };
    if outcome.fenced_by.is_some() {
        Exit::Lock
    } else if outcome.ok {
        Exit::Done
    } else if parts.failed > 0 {
        Exit::Host
    } else if differs(|stage| !stage.is_empty()) {
        Exit::Refused
    } else if differs(str::is_empty) {
        Exit::Host
    } else if stopped {
        Exit::Stopped
    } else {
        Exit::Connection
    }
}

/// Why a run did not begin, with what to do.
pub fn did_not_begin(error: &RunError, allowed: &[String], output: &Output) -> Failure {
    match error {
        RunError::Lease(lease) => {
            let failure = Failure::new(exit_of(lease), format!("nothing was changed: {lease}"));
            Failure { hint: lease.hint(), ..failure }
        }
        RunError::Folder(regionctl_engine::FolderError::Busy(_)) => {
            Failure::from_error(Exit::Lock, error).hint("wait until it has ended; a run that was killed lets go by itself")
        }
        RunError::NotKept(error) => {
            let unknown = || Failure::from_error(Exit::Local, error.as_ref());
            let failure = error.downcast_ref().map_or_else(unknown, vault::failure);
            Failure { message: format!("nothing was changed: {}", failure.message), ..failure }
        }
        RunError::Forbidden(findings) => {
            output.say(&findings::render(findings, allowed, output.err()));
            forbidden_by("lint", findings, allowed, Exit::Refused)
        }
        RunError::Folder(_) | RunError::Journal(_) => Failure::from_error(Exit::Local, error),
        RunError::Drifted(_) => Failure::new(Exit::Refused, format!("nothing was changed: {error}"))
            .hint("`regionctl plan` shows what is there now; plan again and look at the difference"),
        RunError::Secret(_) => Failure::new(Exit::Refused, format!("nothing was changed: {error}"))
            .hint("the secrets were made anew since: plan again"),
        RunError::OtherParent { .. } => {
            Failure::new(Exit::Refused, format!("nothing was changed: {error}")).hint("another run ended in between: plan again")
        }
    }
}
