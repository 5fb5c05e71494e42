//! What a check is, and how all of them are run.

use regionctl_inventory::Region;
use regionctl_plan::{Finding, Severity};
use serde::Serialize;

use super::host::{Host, Hosts};
use super::{CHECKS, RegionFacts};

/// A named check. The functions are pure and tell only what is not as it should be.
#[derive(Debug)]
pub struct Check {
    /// The stable name, given to `--allow`.
    pub name: &'static str,
    /// What it is about: `access`, `system`, …
    pub theme: &'static str,
    /// What it wants, in one line.
    pub about: &'static str,
    /// How serious it is if the answer is no.
    pub severity: Severity,
    pub(super) run: Run,
}

/// What a check looks at.
#[derive(Debug)]
pub(super) enum Run {
    /// One server at a time.
    Host(fn(&Host<'_>) -> Vec<Said>),
    /// All servers together.
    Region(fn(&Hosts<'_>) -> Vec<Said>),
}

/// What a check says of a host.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) host: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Not held against the host.
    pub(super) only_a_note: bool,
}

impl Said {
    /// Something is not as it should be.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { host: None, message: message.into(), hint: None, only_a_note: false }
    }

    /// Something that could not be judged, and why.
    pub(super) fn note(message: impl Into<String>) -> Self {
        Self { only_a_note: true, ..Self::new(message) }
    }

    pub(super) fn on(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// One thing to say, if the condition holds.
pub(super) fn when(condition: bool, said: impl FnOnce() -> Said) -> Vec<Said> {
    if condition { vec![said()] } else { Vec::new() }
}

/// A remark that is not held against the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The host.
    pub host: Option<String>,
    /// What is remarked.
    pub message: String,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The check's name.
    pub name: &'static str,
    /// What it is about.
    pub theme: &'static str,
    /// What it wants.
    pub about: &'static str,
    /// The worst that it can come to.
    pub severity: Severity,
    /// What was found; its `name` is the check's.
    pub findings: Vec<Finding>,
    /// What could not be judged, and why.
    pub notes: Vec<Note>,
    /// The hosts that are as they should be.
    pub passed: Vec<String>,
    /// The hosts that gave no answer to judge.
    pub skipped: Vec<String>,
}

/// What a check came to, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing was found.
    Ok,
    /// Worth knowing.
    Warning,
    /// Stops an install unless it is allowed by name.
    Error,
}

impl Outcome {
    /// The worst of the findings.
    pub fn level(&self) -> Level {
        match self.findings.iter().map(|finding| finding.severity).max() {
            None => Level::Ok,
            Some(Severity::Warning) => Level::Warning,
            Some(Severity::Error) => Level::Error,
        }
    }
}

/// Runs every check on what was gathered, in the order of [`CHECKS`].
pub fn check(region: &Region, facts: &RegionFacts) -> Vec<Outcome> {
    let hosts = Hosts::new(region, facts);
    CHECKS.iter().map(|check| outcome(check, &hosts)).collect()
}

fn outcome(check: &Check, hosts: &Hosts<'_>) -> Outcome {
    let said: Vec<Said> = match check.run {
        Run::Region(run) => run(hosts),
        Run::Host(run) => {
            let of_host = |host: &Host<'_>| run(host).into_iter().map(|said| said.on(host.name())).collect::<Vec<_>>();
            hosts.answered.iter().flat_map(of_host).collect()
        }
    };
    let (notes, found): (Vec<_>, Vec<_>) = said.into_iter().partition(|said| said.only_a_note);
    let finding = |said: Said| Finding {
        name: check.name.to_owned(),
        severity: check.severity,
        host: said.host,
        message: said.message,
        hint: said.hint,
    };
    let findings: Vec<_> = found.into_iter().map(finding).collect();
    let judged = |name: &&str| !findings.iter().any(|f: &Finding| f.host.as_deref() == Some(*name));
    let unjudged = |name: &&str| !notes.iter().any(|n: &Said| n.host.as_deref() == Some(*name));
    let names = hosts.answered.iter().map(|host| host.name());
    let passed = names.filter(judged).filter(unjudged).map(str::to_owned).collect();
    let silent = hosts.silent.iter().map(|(name, _)| *name).filter(judged);
    let skipped = silent.map(str::to_owned).collect();
    let notes = notes.into_iter().map(|said| Note { host: said.host, message: said.message }).collect();
    Outcome {
        name: check.name,
        theme: check.theme,
        about: check.about,
        severity: check.severity,
        findings,
        notes,
        passed,
        skipped,
    }
}
