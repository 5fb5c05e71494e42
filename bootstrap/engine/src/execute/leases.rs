//! Who holds the hosts: leases taken, renewed, lost and given back, and what dead runs left at work there.

use std::sync::PoisonError;
use std::time::Duration;

use futures::StreamExt as _;
use regionctl_plan::{What, quote};

use super::Run;
use super::report::{Pace, shortened};
use crate::batch::{self, BatchName, Line};
use crate::deadman;
use crate::engine::Survey;
use crate::lease;
use crate::planned::Planned;
use crate::remote::{HostError, Remote};
use crate::survey::{Question, Selection, Surveyed};

/// How long what earlier runs left at work is waited for, usually.
pub const ADOPTION: Duration = Duration::from_secs(20 * 60);

impl Run<'_> {
    /// Takes every host's lease and asks what is there now, in one round trip. The first host by name decides between two
    /// who start at once, so it is asked before the others.
    pub(super) async fn take_leases(&self) -> Result<Survey, HostError> {
        let take = lease::take_script(&self.id, &self.engine.folder.owner(), &self.order.verb, self.order.lease);
        let take = take + &deadman::settle_script(&self.id);
        let (wants, selection) = (Planned(self.plan), Selection::default());
        let question = self.question(&wants, &selection);
        let mut remotes = self.remotes().into_iter();
        let mut survey = Survey::new();
        let mut answered = false;
        for remote in remotes.by_ref() {
            let first = question.ask(remote, &take, None).await;
            answered = first.is_ok();
            let held = matches!(first, Err(HostError::Held { .. }));
            survey.insert(remote.name.clone(), first);
            if answered || held {
                break;
            }
        }
        if answered {
            survey.extend(self.engine.ask_all(&question, remotes.collect(), &take).await);
        }
        if let Some(held) = survey.values().find_map(|s| s.as_ref().err().filter(|e| matches!(e, HostError::Held { .. }))) {
            let held = held.clone();
            self.release(survey.iter().filter(|(_, s)| s.is_ok()).map(|(name, _)| name)).await;
            return Err(held);
        }
        self.held.get_or_init(|| survey.iter().filter(|(_, s)| s.is_ok()).map(|(name, _)| name.clone()).collect());
        self.adopt(&mut survey, &question).await;
        Ok(survey)
    }

    /// Waits for units of dead runs, then looks again: what they were doing when we came is finished, the rest is fenced.
    async fn adopt(&self, survey: &mut Survey, question: &Question<'_>) {
        let adoptions = survey.iter_mut().map(|(name, surveyed)| async move {
            let (Ok(found), Some(remote)) = (&*surveyed, self.engine.remotes.get(name)) else { return };
            match tokio::time::timeout(self.order.adoption, self.adopt_on(remote, found, question)).await {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(again))) => *surveyed = Ok(again),
                Ok(Err(error)) => *surveyed = Err(error),
                Err(_) => {
                    let message =
                        format!("{name}: an earlier run is still at work there after {} s", self.order.adoption.as_secs());
                    // As one that is away: the others go on without it.
                    *surveyed = Err(HostError::Ssh { message, hint: None, away: true });
                }
            }
        });
        tokio::select! {
            _ = futures::future::join_all(adoptions) => {}
            () = self.keep_leases() => {}
        }
    }

    /// What the host is like after the units of dead runs have ended; `None` if there was none.
    async fn adopt_on(&self, remote: &Remote, found: &Surveyed, question: &Question<'_>) -> Result<Option<Surveyed>, HostError> {
        let host = &remote.name;
        self.noted(remote, What::LeaseTaken { host: host.clone(), from: found.taken_from.clone() })?;
        let units: Vec<_> = found.view.facts.running_units.iter().filter_map(|unit| BatchName::of_unit(unit)).collect();
        for unit in &units {
            self.noted(remote, What::UnitAdopted { host: host.clone(), unit: unit.unit() })?;
            let follow = batch::follow_script(unit);
            let mut pace = Pace::default();
            let told = |line: &str| {
                if let Some(Line::Progress(_, progress)) = Line::read(line)
                    && pace.allows()
                {
                    let progress = shortened(&progress);
                    // The unit goes on without this line, too.
                    let _ = self.note(What::UnitProgress { host: host.clone(), unit: unit.unit(), progress });
                }
            };
            tokio::select! {
                followed = remote.follow(&follow, &follow, told) => followed?,
                () = self.interrupted() => {
                    // The host says what its units are called, and this may be pasted.
                    let unit = quote(&unit.unit());
                    let message = format!("the run was stopped; {unit} ends with the step that it is in, or at once by `systemctl stop -- {unit}` there");
                    return Err(remote.error("waiting", message));
                }
            }
        }
        if units.is_empty() { Ok(None) } else { question.ask(remote, "", None).await.map(Some) }
    }

    /// The hosts that the run holds, or held.
    fn holds(&self) -> Vec<&Remote> {
        let held = self.held.get();
        self.remotes().into_iter().filter(|remote| held.is_some_and(|held| held.contains(&remote.name))).collect()
    }

    /// A host that never gave its lease, as one without room, has none that could be lost.
    pub(super) async fn keep_leases(&self) {
        let renew = lease::renew_script(&self.id, self.order.lease);
        loop {
            tokio::time::sleep(self.order.lease / 3).await;
            let renewals = self.holds().into_iter().map(|remote| {
                let renew = &renew;
                async move { (remote, remote.script("renewing the lease", renew).await) }
            });
            let answers: Vec<_> = futures::stream::iter(renewals).buffer_unordered(self.engine.parallel).collect().await;
            for (remote, answer) in answers {
                let Ok(answer) = answer else { continue };
                if let Some(held) = answer.lines().skip_while(|line| *line != "@held").nth(1) {
                    self.fence(&remote.name, held);
                }
            }
        }
    }

    pub(super) fn fence(&self, host: &str, held: &str) {
        let by =
            lease::Lease::read(held).map_or_else(|| "nobody".into(), |l| format!("{} (`{}`, run {})", l.owner, l.verb, l.run));
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.insert(host.to_owned(), by.clone()).is_some() {
            return;
        }
        tracing::debug!("{host} says that it is held by {by}");
        // Whoever takes a region over takes most of it; a single server that says so may be wrong.
        let most = 2 * lost.len() > self.holds().len();
        let first = most
            && self.fenced.send_if_modified(|fenced| {
                let first = fenced.is_none();
                fenced.get_or_insert_with(|| by.clone());
                first
            });
        if first {
            let _ = self.note(What::Fenced { host: host.to_owned(), by });
        }
    }

    /// True if somebody else holds the host.
    pub(super) fn has_lost(&self, host: &str) -> bool {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).contains_key(host)
    }

    /// Who holds the first of the hosts that somebody else holds.
    pub(super) fn first_lost(&self) -> Option<String> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).values().next().cloned()
    }

    /// A host that does not answer keeps the lease until it expires.
    pub(super) async fn release(&self, hosts: impl Iterator<Item = &String>) {
        let script = lease::release_script(&self.id);
        let releases = hosts.filter_map(|host| self.engine.remotes.get(host)).map(|remote| {
            let script = &script;
            async move {
                if let Err(error) = remote.script("giving the lease back", script).await {
                    tracing::warn!("{error}");
                }
            }
        });
        futures::stream::iter(releases).buffer_unordered(self.engine.parallel).collect::<Vec<_>>().await;
    }
}
