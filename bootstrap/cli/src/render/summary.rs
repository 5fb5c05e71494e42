//! The table at the end of a run: what is done and what is not, host by host, why, and what to do.

use super::clean::{clean, lines};
use super::findings::hint_line;
use super::lines::without_host;
use super::style::Style;
use super::table::{Cell, Table};
use super::tally::{HostTally, State, Tally};
use super::time::duration;
use super::words::{count, list};

/// The summary of a run; each line ended.
pub fn render(tally: &Tally, style: &Style) -> String {
    let mut out = table(tally, style);
    let troubles: String = tally.hosts.iter().map(|(name, host)| trouble(name, host, style)).collect();
    if !troubles.is_empty() {
        out += &format!("\n{troubles}");
    }
    if let Some(by) = &tally.fenced_by {
        let head = style.paint(style.error, "error:");
        out += &format!("\n{head} {} took the region's lock over; this run did nothing more\n", clean(by));
        out += &hint_line("wait until that run has ended, then `regionctl plan` shows what is left", style);
    }
    format!("{out}\n{}\n", last_line(tally, style))
}

fn table(tally: &Tally, style: &Style) -> String {
    let mut table = Table::new(["host", "result", "done", "failed", "skipped", "stopped in"]);
    for (name, host) in &tally.hosts {
        let parts = host.parts();
        let some = |n: usize| if n > 0 { n.to_string() } else { String::new() };
        let (word, colour) = result(tally, host, style);
        // What was not reported either was not reached: for the reader that is skipped.
        let skipped = if tally.ok.is_some() { parts.left() - parts.failed } else { parts.skipped };
        let began = host.current().filter(|stage| stage.began() && !host.is_done());
        let stopped = began.map(|stage| stage.stage.as_str()).unwrap_or_default();
        table.row([
            clean(name).into(),
            Cell::new(colour, word),
            format!("{}/{}", parts.done, parts.total).into(),
            Cell::new(style.error, some(parts.failed)),
            some(skipped).into(),
            clean(stopped).into(),
        ]);
    }
    table.render(style)
}

/// One word for how a host ended.
fn result(tally: &Tally, host: &HostTally, style: &Style) -> (&'static str, anstyle::Style) {
    let parts = host.parts();
    if host.is_done() {
        ("done", style.good)
    } else if parts.failed > 0 {
        ("failed", style.error)
    } else if host.stages.iter().any(|stage| !stage.differences.is_empty()) {
        ("differs", style.warning)
    } else if parts.done == 0 && host.stages.iter().all(|stage| stage.running().is_none()) {
        ("not begun", if host.error.is_some() { style.error } else { style.warning })
    } else if tally.ok.is_none() {
        ("interrupted", style.warning)
    } else {
        ("stopped", style.warning)
    }
}

/// What went wrong on a host, with the last lines of output.
fn trouble(name: &str, host: &HostTally, style: &Style) -> String {
    let head = style.paint(style.error, "error:");
    let name = clean(name);
    let mut out = String::new();
    if let Some(error) = host.error.as_ref().filter(|error| !said_already(host, error)) {
        out += &message(&format!("{head} {name}:"), &without_host(&name, error));
        out += &host.hint.as_ref().map(|hint| hint_line(hint, style)).unwrap_or_default();
    }
    let mut skipped: Vec<(&str, Vec<String>)> = Vec::new();
    for stage in &host.stages {
        // What fails in one step, such as an installation of packages, fails for one reason.
        let mut failed: Vec<(&str, Vec<String>)> = Vec::new();
        for change in &stage.changes {
            match &change.state {
                State::Failed { error } => match failed.iter_mut().find(|(reason, _)| reason == error) {
                    Some((_, ids)) => ids.push(clean(&change.id.to_string())),
                    None => failed.push((error, vec![clean(&change.id.to_string())])),
                },
                State::Skipped { why } => match skipped.iter_mut().find(|(reason, _)| reason == why) {
                    Some((_, ids)) => ids.push(clean(&change.id.to_string())),
                    None => skipped.push((why, vec![clean(&change.id.to_string())])),
                },
                State::Planned | State::Running | State::Done { .. } => {}
            }
        }
        for (error, ids) in failed {
            out += &message(&format!("{head} {name}: {} in {}:", list(&ids, 3), clean(&stage.stage)), error);
        }
        if !stage.differences.is_empty() {
            let what = match stage.stage.as_str() {
                "" => "not as wanted after the run:".to_owned(),
                stage => format!("{} is not as the plan expected:", clean(stage)),
            };
            out += &message(&format!("{head} {name}: {what}"), &format!("\n{}", stage.differences.join("\n")));
            out += &hint_line(&format!("`regionctl plan --host {name}` shows what is there now"), style);
        }
    }
    for (why, ids) in skipped {
        out += &format!(
            "{} {name}: skipped {}: {}\n",
            style.paint(style.warning, "warning:"),
            list(&ids, 3),
            without_host(&name, why)
        );
    }
    out
}

/// True if a change's failure or a difference says the same.
fn said_already(host: &HostTally, error: &str) -> bool {
    let failed = |state: &State| matches!(state, State::Failed { error: of_change } if error.contains(of_change.trim()));
    host.stages.iter().any(|stage| {
        stage.changes.iter().any(|change| failed(&change.state))
            || stage.differences.iter().any(|difference| error.contains(difference))
    })
}

/// A message of several lines under its subject.
fn message(subject: &str, text: &str) -> String {
    let mut rest = lines(text).into_iter();
    let first = format!("{subject} {}", rest.next().unwrap_or_default());
    let more = rest.map(|line| format!("    {line}\n")).collect::<String>();
    format!("{}\n{more}", first.trim_end())
}

/// `run …: 14 changes done on 4 hosts in 2m 05s; generation 4`.
fn last_line(tally: &Tally, style: &Style) -> String {
    let parts = tally.parts();
    let head = style.paint(style.head, format!("run {}:", clean(&tally.run)));
    let took = duration(tally.elapsed());
    if tally.ok == Some(true) {
        let generation = tally.generation.map(|number| format!("; generation {number}")).unwrap_or_default();
        let done = style.paint(style.good, format!("{} done", count(parts.done, "change")));
        return format!("{head} {done} on {} in {took}{generation}", count(tally.hosts.len(), "host"));
    }
    let state = if tally.ok.is_none() { "interrupted, " } else { "" };
    if parts.left() == 0 && tally.ok == Some(false) {
        let but = style.paint(style.error, "but the hosts are not as wanted");
        return format!("{head} {} done in {took}, {but}; `regionctl plan` shows what is left", count(parts.done, "change"));
    }
    let left = style.paint(style.error, format!("{} left", parts.left()));
    let verb = if tally.verb.is_empty() { "install" } else { &tally.verb };
    format!(
        "{head} {state}{} of {} done, {left}, after {took}; `regionctl {verb}` goes on from here",
        parts.done,
        count(parts.total, "change")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{golden, samples};

    #[test]
    fn a_run_with_troubles() {
        golden::check("render/summary", &render(&Tally::of(&samples::journal()), &Style::plain()));
    }

    #[test]
    fn a_run_cut_short() {
        let journal = samples::journal();
        golden::check("render/summary-interrupted", &render(&Tally::of(&journal[..9]), &Style::plain()));
    }
}
