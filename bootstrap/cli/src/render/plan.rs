//! A plan as a difference that people read: per host, by stage, with a summary line at the end.

use std::collections::HashMap;

use regionctl_plan::{Action, Certainty, Change, Plan, digest};

use super::clean::{clean, lines};
use super::fields::{self, Detail};
use super::findings;
use super::style::Style;
use super::words::{count, list};

/// What stands beside a change's name goes below it if the line would be longer.
const WIDE: usize = 110;

/// How a plan is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The colours.
    pub style: Style,
    /// Long texts and lists whole, what each change waits for, and what commands run.
    pub full: bool,
    /// The names given to `--allow`.
    pub allowed: &'a [String],
}

/// The plan as text; each line ended.
pub fn render(plan: &Plan, options: &Options<'_>) -> String {
    let mut writer = Writer { options, seen: HashMap::new(), out: String::new() };
    let hosts = hosts(plan);
    let mut idle = Vec::new();
    for host in &hosts {
        if changes_of(plan, host) == 0 { idle.push(clean(host)) } else { writer.host(plan, host) }
    }
    let style = &options.style;
    let mut out = writer.out;
    if !idle.is_empty() && idle.len() < hosts.len() {
        out += &format!("{} {}\n\n", style.paint(style.dim, "nothing to do on:"), list(&idle, 12));
    }
    let remarks = findings::notes(&plan.notes, style) + &findings::render(&plan.findings, options.allowed, style);
    if !remarks.is_empty() {
        out += &format!("{remarks}\n");
    }
    out += &format!("{}\n", summary(plan, style));
    out
}

/// `plan 1a2b3c: 4 hosts, 57 to create, 3 to update, 0 to remove; 120 already right`.
pub fn summary(plan: &Plan, style: &Style) -> String {
    let counts = plan.counts();
    let on = count(hosts(plan).len(), "host");
    let head = style.paint(style.head, format!("plan {}:", clean(&plan.id)));
    if plan.is_empty() {
        return format!("{head} {on}, {}; {} already right", style.paint(style.good, "nothing to do"), counts.unchanged);
    }
    let sort = |n: usize, word: &str, colour| {
        let text = format!("{n} to {word}");
        if n > 0 { style.paint(colour, text) } else { text }
    };
    let mut parts = vec![
        on,
        sort(counts.create, "create", style.create),
        sort(counts.update, "update", style.update),
        sort(counts.remove, "remove", style.remove),
    ];
    if counts.back > 0 {
        parts.push(sort(counts.back, "return to the original", style.back));
    }
    format!("{head} {}; {} already right", parts.join(", "), counts.unchanged)
}

/// Every host of the plan, in order of name.
pub fn hosts(plan: &Plan) -> Vec<String> {
    let mut hosts: Vec<_> = plan.stages.iter().flat_map(|stage| stage.hosts.keys().cloned()).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn changes_of(plan: &Plan, host: &str) -> usize {
    plan.stages.iter().filter_map(|stage| stage.hosts.get(host)).map(|on| on.changes.len()).sum()
}

/// The mark and colour of an action.
fn mark(action: Action, style: &Style) -> (char, anstyle::Style) {
    match action {
        Action::Create => ('+', style.create),
        Action::Update => ('~', style.update),
        Action::Remove => ('-', style.remove),
        Action::Return => ('<', style.back),
    }
}

struct Writer<'a> {
    options: &'a Options<'a>,
    /// Long changes already shown, by digest, with their host.
    seen: HashMap<String, String>,
    out: String,
}

impl Writer<'_> {
    fn host(&mut self, plan: &Plan, host: &str) {
        let style = self.options.style;
        self.out += &format!("{}\n", style.paint(style.head, clean(host)));
        let mut busy: Vec<&str> = Vec::new();
        for stage in &plan.stages {
            let Some(on) = stage.hosts.get(host).filter(|on| !on.changes.is_empty()) else { continue };
            let expected = !busy.is_empty() && on.changes.iter().all(|change| change.certainty != Certainty::Exact);
            let after = if expected { format!(" (expected, once {} is done)", busy.join(" and ")) } else { String::new() };
            self.out += &format!("  {}{}\n", style.paint(style.head, clean(&stage.layer)), style.paint(style.dim, after));
            let mut entries: Vec<Entry> = Vec::new();
            for change in &on.changes {
                let entry = self.entry(host, change, expected);
                match entries.last_mut() {
                    Some(last) if !self.options.full && last.takes(&entry) => last.names.extend(entry.names),
                    _ => entries.push(entry),
                }
            }
            self.out.extend(entries.iter().map(|entry| entry.render(&style)));
            busy.push(&stage.layer);
        }
        self.out.push('\n');
    }

    fn entry(&mut self, host: &str, change: &Change, stage_is_expected: bool) -> Entry {
        let style = self.options.style;
        let certainty = match &change.certainty {
            Certainty::Exact => String::new(),
            Certainty::Expected if stage_is_expected => String::new(),
            Certainty::Expected => " (expected)".to_owned(),
            Certainty::Deferred(because) => format!(" (not known yet: {})", clean(because)),
        };
        let detail = if self.options.full { Detail::FULL } else { Detail::SHORT };
        let fields::Body { mut short, lines: mut below } = fields::render(change, &detail, &style);
        if below.len() > 3 {
            let key = digest(&(&change.resource.id, &change.resource.want, change.action, &change.before));
            if let Some(other) = self.seen.get(&key) {
                short = vec![style.paint(style.dim, format!("as on {}", clean(other)))];
                below.clear();
            } else {
                self.seen.insert(key, host.to_owned());
            }
        }
        if self.options.full {
            let waits = change.resource.waits.iter();
            below.extend(waits.map(|on| style.paint(style.dim, format!("waits for {}", clean(&on.to_string())))));
            below.extend(shell(change, &style));
        }
        if change.resource.may_cut_ssh() {
            let head = style.paint(style.warning, "may cut SSH:");
            below.push(format!("{head} goes back by itself unless a new connection keeps it"));
        }
        if let Some(reason) = &change.no_undo {
            below.push(format!("{} {}", style.paint(style.warning, "no undo:"), clean(reason)));
        }
        let names = vec![clean(&change.id().name)];
        Entry { action: change.action, kind: clean(&change.id().kind), names, certainty, short, below }
    }
}

/// The shell texts of a command, as root will run them on the server.
fn shell(change: &Change, style: &Style) -> Vec<String> {
    let params = ["check", "guard", "run", "undo"].into_iter().filter(|_| change.id().kind == "command");
    let text = |param| Some((param, change.resource.text_param(param)?));
    let texts = params.filter_map(text).flat_map(|(param, text)| {
        let head = style.paint(style.dim, format!("{param}:"));
        std::iter::once(head).chain(lines(text).into_iter().map(|line| format!("  {line}")))
    });
    texts.collect()
}

/// One change as it is shown, or several that differ in their names only.
struct Entry {
    action: Action,
    kind: String,
    names: Vec<String>,
    certainty: String,
    /// What stands beside the name if there is room.
    short: Vec<String>,
    below: Vec<String>,
}

impl Entry {
    /// True if the other says the same of another name, and there is room for it.
    fn takes(&self, other: &Self) -> bool {
        let same = (self.action, &self.kind, &self.certainty, &self.short)
            == (other.action, &other.kind, &other.certainty, &other.short);
        let width: usize = self.names.iter().chain(&other.names).map(|name| name.chars().count() + 2).sum();
        same && self.below.is_empty() && other.below.is_empty() && width <= WIDE / 2
    }

    fn render(&self, style: &Style) -> String {
        let (mark, colour) = mark(self.action, style);
        let name = format!("{mark} {}:{}", self.kind, self.names.join(", "));
        let beside = self.short.join(", ");
        let room = WIDE.saturating_sub(name.chars().count() + self.certainty.chars().count());
        let fits = Style::width(&beside) <= room;
        let gap = if fits && !beside.is_empty() { "  " } else { "" };
        let certainty = style.paint(style.dim, &self.certainty);
        let mut out = format!("    {}{certainty}{gap}{}\n", style.paint(colour, name), if fits { &beside } else { "" });
        for line in if fits { &[] } else { self.short.as_slice() }.iter().chain(&self.below) {
            out += &format!("        {line}\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{golden, samples};

    #[test]
    fn a_first_install() {
        golden::check("render/plan-first", &render(&samples::first(), &Options::default()));
    }

    #[test]
    fn a_first_install_in_full() {
        golden::check("render/plan-first-full", &render(&samples::first(), &Options { full: true, ..Options::default() }));
    }

    #[test]
    fn drift() {
        let allowed = ["quorum".to_owned()];
        golden::check("render/plan-drift", &render(&samples::drift(), &Options { allowed: &allowed, ..Options::default() }));
    }

    #[test]
    fn colours() {
        let options = Options { style: Style::coloured(), ..Options::default() };
        golden::check("render/plan-colours", &render(&samples::drift(), &options));
    }

    #[test]
    fn nothing_to_do() {
        golden::check("render/plan-empty", &render(&samples::empty(), &Options::default()));
    }
}
