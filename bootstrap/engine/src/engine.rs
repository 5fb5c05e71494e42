//! One region as the verbs see it: survey, plan, execute.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use regionctl_plan::{Facts, Finding, PLAN_FORMAT, Plan, sha256};
use regionctl_ssh::{Endpoint, Pool};

use crate::folder::RegionFolder;
use crate::kind::Kinds;
use crate::planner::{self, HostView, Wants};
use crate::remote::{HostError, LOOK, Remote};
use crate::secrets::{NoSecrets, Secrets, Vault};
use crate::survey::{Goal, Question, Selection, Surveyed};
use crate::{lint, planned};

/// What a plan needs to know of the region besides its hosts.
#[derive(Debug, Clone)]
pub struct About {
    /// The region's name.
    pub region: String,
    /// The release's name.
    pub release: String,
    /// The inventory's text.
    pub inventory: String,
    /// Its SHA-256, in hexadecimal.
    pub inventory_digest: String,
    /// What the inventory asks for and this version leaves out.
    pub notes: Vec<String>,
}

/// A region that can be surveyed, planned and changed.
pub struct Engine {
    pub(crate) kinds: Kinds,
    pub(crate) wants: Arc<dyn Wants>,
    pub(crate) folder: RegionFolder,
    pub(crate) remotes: BTreeMap<String, Remote>,
    pub(crate) about: About,
    pub(crate) parallel: usize,
    pub(crate) vault: Vault,
}

/// What every selected host answered.
pub type Survey = BTreeMap<String, Result<Surveyed, HostError>>;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The hosts have seen a run that this folder does not know.
    #[error("{host} is at generation {theirs}, this folder knows {}", ours.map_or("none".into(), |n| format!("only {n}")))]
    Outdated {
        /// The host.
        host: String,
        /// The host's generation.
        theirs: u64,
        /// The folder's newest.
        ours: Option<u64>,
    },
    /// The folder.
    #[error(transparent)]
    Folder(#[from] crate::folder::FolderError),
}

impl Engine {
    /// A region of these hosts. Nothing is connected yet. `parallel` bounds how many hosts are worked on at once.
    pub fn new(
        kinds: Kinds,
        wants: Arc<dyn Wants>,
        folder: RegionFolder,
        hosts: impl IntoIterator<Item = Endpoint>,
        about: About,
        parallel: usize,
    ) -> Self {
        let pool = Pool::default();
        let remotes = hosts.into_iter().map(|endpoint| (endpoint.name.clone(), Remote::new(endpoint, pool.clone())));
        let vault = Vault::new(Arc::new(NoSecrets));
        Self { kinds, wants, folder, remotes: remotes.collect(), about, parallel: parallel.max(1), vault }
    }

    /// With the region's secrets, which resources speak of by reference.
    #[must_use]
    pub fn with_secrets(self, secrets: Arc<dyn Secrets>) -> Self {
        Self { vault: Vault::new(secrets), ..self }
    }

    /// With connections that outlive this engine.
    #[must_use]
    pub fn over(mut self, connections: &Pool) -> Self {
        self.remotes.values_mut().for_each(|remote| remote.connect_over(connections));
        self
    }

    /// The folder beside the inventory.
    pub fn folder(&self) -> &RegionFolder {
        &self.folder
    }

    /// The hosts by name.
    pub fn remotes(&self) -> &BTreeMap<String, Remote> {
        &self.remotes
    }

    /// Asks the selected hosts, all at once.
    pub async fn survey(&self, selection: &Selection, goal: &Goal) -> Survey {
        let question = Question { kinds: &self.kinds, vault: &self.vault, wants: self.wants.as_ref(), selection, goal };
        let selected = self.remotes.values().filter(|remote| selection.has_host(&remote.name));
        let mut survey = self.ask_all(&question, selected.collect(), "").await;
        if let Err(error) = self.disbelieve(&mut survey) {
            // Whoever plans reads the folder, too, and fails.
            tracing::debug!("what the servers say of generations is not checked: {error}");
        }
        survey
    }

    pub(crate) async fn ask_all(&self, question: &Question<'_>, remotes: Vec<&Remote>, preamble: &str) -> Survey {
        let asked = remotes.into_iter().map(|remote| async move {
            let guess = self.folder.last_facts(&remote.name);
            let answer = question.ask(remote, preamble, guess.as_ref()).await;
            if let Ok(surveyed) = &answer
                && guess.as_ref() != Some(&surveyed.view.facts)
            {
                self.folder.remember_facts(&remote.name, &surveyed.view.facts);
            }
            (remote.name.clone(), answer)
        });
        futures::stream::iter(asked).buffer_unordered(self.parallel).collect().await
    }

    /// Asks hosts, all at once, each with a script of its own that changes nothing; gives what they printed.
    pub async fn ask(
        &self,
        doing: &'static str,
        scripts: &BTreeMap<String, String>,
    ) -> BTreeMap<String, Result<String, HostError>> {
        let remotes = scripts.iter().filter_map(|(name, script)| Some((self.remotes.get(name)?, script)));
        let asked =
            remotes.map(|(remote, script)| async move { (remote.name.clone(), remote.long_script(doing, script, LOOK).await) });
        futures::stream::iter(asked).buffer_unordered(self.parallel).collect().await
    }

    /// The plan for what a survey found. Hosts that did not answer are left out.
    ///
    /// # Errors
    /// The hosts are at a generation that this folder does not know.
    pub fn plan(&self, survey: &Survey, selection: &Selection, goal: &Goal) -> Result<Plan, PlanError> {
        let parent = self.folder.generations()?.last().copied();
        let mark = self.mark()?;
        let mut views = BTreeMap::new();
        let mut notes = self.about.notes.clone();
        for (name, surveyed) in survey {
            let surveyed = match surveyed {
                Ok(surveyed) => surveyed,
                Err(error) => {
                    notes.push(format!("{name} is not in this plan: {error}"));
                    continue;
                }
            };
            let facts = &surveyed.view.facts;
            let ahead = facts.generation.filter(|theirs| Some(*theirs) > parent && !self.is_foreign(mark.as_ref(), facts));
            if let Some(theirs) = ahead {
                return Err(PlanError::Outdated { host: name.clone(), theirs, ours: parent });
            }
            if let Some(run) = &surveyed.view.facts.unconfirmed {
                notes.push(format!(
                    "{name} waits for run {run} to confirm what may cut SSH; it goes back before any other run: plan again then"
                ));
            }
            if !surveyed.view.facts.running_units.is_empty() {
                notes.push(format!(
                    "{name} is still at work for an earlier run, which is waited for before any other: plan again then"
                ));
            }
            views.insert(name.clone(), surveyed.view.clone());
        }
        let mut layers = self.wants.layers();
        layers.retain(|layer| selection.has_layer(layer));
        if *goal != Goal::Wanted {
            layers.reverse();
        }
        let mut stages = planner::stages(&self.kinds, &layers, &views);
        if *goal != Goal::Wanted
            && selection.layers.is_empty()
            && let Some(last) = stages.last_mut()
        {
            // A host on which nothing is left to undo still has to forget what it keeps, and the region that it wants it.
            let wanted = parent.map(|number| self.folder.generation(number)).transpose()?.map(|generation| generation.wanted);
            let remembered = |host: &str| wanted.as_ref().is_some_and(|wanted| wanted.contains_key(host));
            for host in views.iter().filter(|(host, view)| view.facts.kept || remembered(host)).map(|(host, _)| host) {
                last.hosts.entry(host.clone()).or_default();
            }
        }
        let mut plan = Plan {
            format: PLAN_FORMAT,
            id: String::new(),
            region: self.about.region.clone(),
            release: self.about.release.clone(),
            parent,
            inventory: self.about.inventory_digest.clone(),
            stages,
            findings: Vec::new(),
            notes,
        };
        plan.notes.extend(self.vault.planned(&plan));
        plan.findings = lint::check(&self.kinds, &plan);
        plan.findings.extend(views.iter().filter_map(|(host, view)| lint::operator_dropped(host, view)));
        plan.findings.extend(self.foreign(mark.as_ref(), survey));
        if *goal == Goal::Wanted {
            plan.findings.extend(lint::clock_differs(survey.values().flatten()));
        }
        let harm = self.harm(&plan, survey);
        plan.findings.extend(harm);
        plan.findings.extend(self.vault.recipients().and_then(lint::few_recipients));
        Ok(plan.seal())
    }

    /// What forbids a plan because of what the hosts are like, looked at once more just before it is executed: encrypted disks that
    /// nothing among the secrets opens, files that nobody can write, servers that were installed under another name.
    pub(crate) fn harm(&self, plan: &Plan, survey: &Survey) -> Vec<Finding> {
        let views = survey.iter().filter_map(|(host, surveyed)| Some((host, &surveyed.as_ref().ok()?.view)));
        let of_host = |(host, view): (&String, &HostView)| {
            let mut found = lint::key_lost(host, view, plan, |name| self.vault.is_new(name));
            found.extend(lint::file_locked(&self.kinds, host, view, plan));
            found.extend(lint::server_renamed(host, view));
            found
        };
        views.flat_map(of_host).collect()
    }

    /// True if a host lacks the generation that the region is at, its proof, or the secrets file as it is now.
    pub fn is_behind(&self, facts: &Facts, generation: Option<u64>) -> bool {
        let lacks = |wanted: Option<String>, has: &Option<String>| wanted.is_some() && wanted != *has;
        let mark = self.mark().ok().flatten();
        let proof = mark.as_ref().zip(generation).and_then(|(mark, number)| self.proof_of(mark, number));
        facts.generation != generation
            || mark != facts.region
            || lacks(proof, &facts.generation_proof)
            || lacks(self.vault.sealed_file().map(|sealed| sha256(&sealed)), &facts.secrets)
    }

    /// What differs between a plan and the hosts as they are now, where the plan was exact. Empty: it may be executed.
    pub(crate) fn drift(&self, plan: &Plan, survey: &Survey) -> Vec<(String, String, Vec<String>)> {
        let layers: Vec<_> = plan.stages.iter().map(|stage| stage.layer.clone()).collect();
        let views: BTreeMap<_, _> =
            survey.iter().filter_map(|(name, s)| Some((name.clone(), s.as_ref().ok()?.view.clone()))).collect();
        let now = planner::stages(&self.kinds, &layers, &views);
        let mut drift = Vec::new();
        for shown in &plan.stages {
            let Some(found) = now.iter().find(|stage| stage.layer == shown.layer) else { continue };
            // A host that does not answer is no drift: its own work fails.
            for (host, on) in shown.hosts.iter().filter(|(host, _)| views.contains_key(*host)) {
                let found = found.hosts.get(host).map(|on| on.changes.as_slice()).unwrap_or_default();
                let found: Vec<_> = found.iter().filter(|change| !expected(on, change)).cloned().collect();
                let mut differences = planned::differences(&self.kinds, on, &found);
                differences.extend(planned::no_way_back(on, &found));
                if !differences.is_empty() {
                    drift.push((host.clone(), shown.layer.clone(), differences));
                }
            }
        }
        drift
    }
}

/// True if the plan only expected this change: it is looked at again at its stage's boundary.
fn expected(shown: &regionctl_plan::HostStage, change: &regionctl_plan::Change) -> bool {
    let certainty = shown.changes.iter().find(|was| was.id() == change.id()).map(|was| &was.certainty);
    certainty.is_some_and(|certainty| *certainty != regionctl_plan::Certainty::Exact)
}

/// The findings of a plan that stop it, unless they are allowed by name.
pub fn stops<'a>(plan: &'a Plan, allowed: &[String]) -> Vec<&'a Finding> {
    regionctl_plan::forbidden(&plan.findings, allowed)
}
