//! Progress as plain lines, for logs: `12:03:04 storage-1 gluster [3/17] package:glusterfs-server done 4.1s`.

use std::time::Duration;

use regionctl_plan::{Event, What};

use super::clean::{clean, lines};
use super::style::Style;
use super::tally::{State, Tally};
use super::time::{clock, duration};
use super::words::count;

/// The lines of an event, not ended; none for what a reader need not see. `tally` has counted the event already.
pub fn render(event: &Event, tally: &Tally, verbose: bool, style: &Style) -> Vec<String> {
    let text = match &event.what {
        What::RunStarted { run, verb, owner, .. } => {
            let todo = count(tally.parts().total, "change");
            vec![format!("{} {}: {todo} on {}, by {}", clean(verb), clean(run), count(tally.hosts.len(), "host"), clean(owner))]
        }
        What::LeaseTaken { host, from: Some(from) } => vec![format!("{} lock taken over from run {}", clean(host), clean(from))],
        What::LeaseTaken { host, from: None } => verbose.then(|| format!("{} lock taken", clean(host))).into_iter().collect(),
        What::UnitAdopted { host, unit } => {
            vec![format!("{} waiting for {}, which an earlier run started", clean(host), clean(unit))]
        }
        What::UnitProgress { host, unit, progress } => vec![format!("{} {}: {}", clean(host), clean(unit), clean(progress))],
        What::HostFailed { host, error, .. } => several(&clean(host), "failed", &without_host(host, error), style),
        What::BatchStarted { host, stage, unit, changes } => {
            let sent = || format!("{} {} {} sent as {}", clean(host), clean(stage), count(*changes, "change"), clean(unit));
            verbose.then(sent).into_iter().collect()
        }
        What::ChangeStarted { host, stage, id } => {
            verbose.then(|| format!("{} {} started", at(tally, host, stage), clean(&id.to_string()))).into_iter().collect()
        }
        What::ChangeProgress { host, stage, id, progress } => {
            vec![format!("{} {}: {}", at(tally, host, stage), clean(&id.to_string()), clean(progress))]
        }
        What::ChangeDone { host, stage, id, millis } => {
            let took = duration(Duration::from_millis(*millis));
            let done = style.paint(style.good, "done");
            vec![format!("{} {} {done} {took}", at(tally, host, stage), clean(&id.to_string()))]
        }
        What::ChangeFailed { host, stage, id, error } => {
            several(&format!("{} {}", at(tally, host, stage), clean(&id.to_string())), "failed", error, style)
        }
        What::ChangeSkipped { host, stage, id, why } => {
            let again = skipped(tally, host, why) > 1;
            let head = style.paint(style.warning, if verbose { "skipped:" } else { "skipped, with the rest:" });
            let text = || format!("{} {} {head} {}", at(tally, host, stage), clean(&id.to_string()), without_host(host, why));
            (verbose || !again).then(text).into_iter().collect()
        }
        What::PlanDiffers { host, stage, differences } => {
            let (subject, what) = match stage.as_str() {
                "" => (clean(host), "is not as wanted after the run"),
                stage => (format!("{} {}", clean(host), clean(stage)), "is not as the plan expected"),
            };
            several(&subject, what, &differences.join("\n"), style)
        }
        What::StageDone { host, stage, round_trips } => {
            let trips = if verbose {
                format!(", {}", count(usize::try_from(*round_trips).unwrap_or(0), "round trip"))
            } else {
                String::new()
            };
            vec![format!("{} ended{trips}", at(tally, host, stage))]
        }
        What::Fenced { host, by } => {
            let stop = style.paint(style.error, "lock lost:");
            vec![format!("{} {stop} {} holds it now, nothing more is done", clean(host), clean(by))]
        }
        What::RevertArmed { host, stage, seconds, changes } => {
            let many = count(*changes, "change");
            vec![format!(
                "{} {}: {many} may cut SSH and will go back in {seconds} s unless a new connection keeps them",
                clean(host),
                clean(stage)
            )]
        }
        What::RevertDisarmed { host, stage } => vec![format!("{} {} kept, over a new connection", clean(host), clean(stage))],
        What::Reverted { host, stage, changes, why } => {
            let head = style.paint(style.error, "taken back:");
            vec![format!("{} {} {head} {}: {}", clean(host), clean(stage), count(changes.len(), "change"), clean(why))]
        }
        What::Generation { number } => vec![format!("generation {number} written")],
        What::RunEnded { ok, done, left, .. } => {
            let how = if *ok { style.paint(style.good, "all is done:") } else { style.paint(style.error, "not all is done:") };
            vec![format!("{how} {} done, {left} left", count(*done, "change"))]
        }
    };
    let stamp = style.paint(style.dim, clock(&event.at));
    let first_or_more = |(i, text): (usize, String)| if i == 0 { format!("{stamp} {text}") } else { format!("         {text}") };
    text.into_iter().enumerate().map(first_or_more).collect()
}

/// `storage-1 gluster [3/17]`.
fn at(tally: &Tally, host: &str, stage: &str) -> String {
    let stages = tally.hosts.get(host).map(|host| host.stages.as_slice()).unwrap_or_default();
    let parts = stages.iter().find(|s| s.stage == stage).map(super::tally::StageTally::parts).unwrap_or_default();
    format!("{} {} [{}/{}]", clean(host), clean(stage), parts.settled(), parts.total)
}

/// How many changes of a host were skipped for this reason so far.
fn skipped(tally: &Tally, host: &str, reason: &str) -> usize {
    let changes = tally.hosts.get(host).into_iter().flat_map(|host| &host.stages).flat_map(|stage| &stage.changes);
    changes.filter(|change| matches!(&change.state, State::Skipped { why } if why == reason)).count()
}

/// A message that begins with its host, where the host stands before it anyway; lines stay lines.
pub fn without_host(host: &str, message: &str) -> String {
    let rest = message.strip_prefix(host).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
    lines(rest).join("\n")
}

/// A message of several lines: the first beside its subject, the others below.
fn several(subject: &str, what: &str, message: &str, style: &Style) -> Vec<String> {
    let mut rest = lines(message).into_iter();
    let first = format!("{subject} {} {}", style.paint(style.error, format!("{what}:")), rest.next().unwrap_or_default());
    std::iter::once(first.trim_end().to_owned()).chain(rest.map(|line| format!("| {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{golden, samples};

    #[test]
    fn the_journal_that_stories_replay() {
        let lines: Vec<_> = samples::journal().iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
        golden::check("render/journal", &lines.concat());
    }

    #[test]
    fn a_journal_replayed() {
        for (name, verbose) in [("render/lines", false), ("render/lines-verbose", true)] {
            let mut tally = Tally::default();
            let mut text = String::new();
            for event in samples::journal() {
                tally.add(&event);
                for line in render(&event, &tally, verbose, &Style::plain()) {
                    text += &format!("{line}\n");
                }
            }
            golden::check(name, &text);
        }
    }
}
