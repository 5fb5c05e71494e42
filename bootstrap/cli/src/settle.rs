//! Asking the hosts before a plan that will be executed: what earlier runs left at work there ends first.

use regionctl_engine::{Engine, Goal, Selection, Survey};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::live::Live;
use crate::output::Output;
use crate::render::clean::clean;
use crate::render::words::list;
use crate::run::{self, Execution};
use crate::survey;

/// As [`survey::survey`]; if a unit of an earlier run is at work, or what may cut SSH was not confirmed, that ends first and the
/// hosts are asked again.
///
/// # Errors
/// No host answered, somebody else works on the region, or the operator wants no more.
pub async fn survey(
    engine: &Engine,
    selection: &Selection,
    goal: &Goal,
    how: &Execution<'_>,
    output: &Output,
) -> Result<Survey, Failure> {
    let survey = survey::survey(engine, selection, goal, output).await?;
    let unsettled = engine.unsettled(&survey).map_err(|error| Failure::from_error(Exit::Local, &error))?;
    let hosts: Vec<_> = unsettled.into_iter().map(clean).collect();
    if hosts.is_empty() {
        return Ok(survey);
    }
    let note = output.err().paint(output.err().head, "note:");
    output.say(&format!(
        "{note} an earlier run is not over on {}: what it does is waited for, what it did not confirm goes back\n",
        list(&hosts, 8)
    ));
    let live = Live::new(*output, how.events)?;
    let watch = interrupt::watch(live.clone())?;
    let settled = engine.settle(&survey, &how.order(), live.listener(), watch.stopped()).await;
    live.finish();
    settled.map_err(|error| run::did_not_begin(&error, how.allowed, output))?;
    if watch.is_stopped() {
        return Err(Failure::new(Exit::Stopped, "nothing was planned: the operator wanted no more"));
    }
    drop(watch);
    survey::survey(engine, selection, goal, output).await
}
