//! Asking the servers for what the preflight checks judge.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use regionctl_engine::{Engine, HostError, Remote};
use regionctl_plan::Finding;
use regionctl_roles::preflight::{self, Exchange, HostProbe, Outcome, RegionFacts};
use tokio::sync::Semaphore;

use crate::output::Output;
use crate::region::Region;
use crate::render::checks::Check;
use crate::render::words::count;
use crate::survey;

/// The check that a server answers at all.
pub const ANSWERS: &str = "host-answers";

/// What the checks came to.
pub struct Checked {
    /// By check.
    pub outcomes: Vec<Outcome>,
    /// How many servers answered.
    pub answered: usize,
}

impl Checked {
    /// Keeps the findings that count.
    pub fn retain(&mut self, counts: impl Fn(&Finding) -> bool) {
        self.outcomes.iter_mut().for_each(|outcome| outcome.findings.retain(|finding| counts(finding)));
    }

    /// What the checks found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.outcomes.iter().flat_map(|outcome| &outcome.findings)
    }

    /// For rendering.
    pub fn checks(&self) -> Vec<Check<'_>> {
        let outcomes = self.outcomes.iter();
        let checks = outcomes.map(|outcome| Check {
            name: outcome.name,
            about: outcome.about,
            findings: &outcome.findings,
            passed: outcome.passed.len(),
        });
        checks.collect()
    }
}

/// How much a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What every check judges.
    All,
    /// What changes of an installed server need, which takes a moment only.
    Brief,
}

/// Runs every check on these servers, all at once, one round trip each. `depth` says how much each is asked, if it is.
pub async fn check(
    region: &Region,
    engine: &Engine,
    parallel: u16,
    output: &Output,
    depth: impl Fn(&str) -> Option<Depth>,
) -> Checked {
    let servers = region.inventory.region.servers().iter();
    let slots = Arc::new(Semaphore::new(parallel.max(1).into()));
    let asked: Vec<_> = servers
        .filter_map(|server| {
            let script = match depth(server.name.as_str())? {
                Depth::All => preflight::script(&region.inventory.region, server),
                Depth::Brief => preflight::brief_script(server),
            };
            let remote = engine.remotes().get(server.name.as_str())?.clone();
            Some(tokio::spawn(ask(remote, script, Arc::clone(&slots))))
        })
        .collect();
    let what = format!("checking {}", count(asked.len(), "server"));
    let answers = survey::during(output, &what, async {
        let mut answers = Vec::new();
        for one in asked {
            // A task that panicked is a bug of ours; its server then counts as silent without a reason.
            answers.extend(one.await.ok());
        }
        answers
    });
    let (mut facts, mut silent) = (RegionFacts::default(), Vec::new());
    for (name, exchange, answer) in answers.await {
        match answer {
            Ok((noise, text)) => {
                let mut probe = HostProbe::read(&text);
                if let Ok(probe) = &mut probe {
                    probe.noise.extend(noise.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
                }
                facts.hosts.insert(name.clone(), probe);
                facts.operator_clock.insert(name, exchange);
            }
            Err(error) => {
                facts.hosts.insert(name.clone(), Err(error.to_string()));
                silent.push((name, error));
            }
        }
    }
    let answered = facts.hosts.values().filter(|answer| answer.is_ok()).count();
    let mut outcomes = preflight::check(&region.inventory.region, &facts);
    for finding in outcomes.iter_mut().flat_map(|outcome| &mut outcome.findings).filter(|finding| finding.name == ANSWERS) {
        let error = silent.iter().find(|(name, _)| finding.host.as_ref() == Some(name));
        // The connection knows better what to do than the check, which sees only that there was none.
        if let Some(hint) = error.and_then(|(_, error)| error.hint()) {
            finding.hint = Some(hint);
        }
    }
    Checked { outcomes, answered }
}

async fn ask(remote: Remote, script: String, slots: Arc<Semaphore>) -> (String, Exchange, Result<(String, String), HostError>) {
    // The connection is made before the clock is read: only the script's own time may count.
    let slot = slots.acquire().await;
    let connected = remote.noise("connecting").await;
    let sent = now();
    let answer = match connected {
        Ok(noise) => remote.script("checking", &script).await.map(|text| (noise, text)),
        Err(error) => Err(error),
    };
    drop(slot);
    (remote.name.clone(), Exchange { sent, received: now() }, answer)
}

/// Seconds since 1970 on the operator's clock.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
