//! The end of a run: a last look, the generation, and who forgets what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use regionctl_plan::{Change, Resource, What};

use super::{HostOutcome, Run, RunError};
use crate::engine::Survey;
use crate::generation::Generation;
use crate::journal;
use crate::planned::{Planned, only_flaps};
use crate::remote::Remote;
use crate::survey::{Question, Selection};

/// How long what changes by itself may take to be as wanted after a run.
const MOMENT: Duration = Duration::from_secs(20);

/// True if everything planned for the host was done.
pub(super) fn is_well(outcome: &HostOutcome) -> bool {
    outcome.error.is_none() && outcome.left.is_empty()
}

impl Run<'_> {
    /// Looks once more, writes the generation if all is well, and gives the leases back.
    pub(super) async fn finish(&self, hosts: &mut BTreeMap<String, HostOutcome>) -> Result<Option<u64>, RunError> {
        if self.fenced.borrow().is_some() {
            return Ok(None);
        }
        let mut generation = None;
        let well_so_far: Vec<_> =
            self.remotes().into_iter().filter(|remote| hosts.get(&remote.name).is_none_or(is_well)).collect();
        // An install is looked at as a whole; of a reset each host that was given back is done.
        let looked_at = if self.order.reset || hosts.values().all(is_well) { well_so_far } else { Vec::new() };
        let (wants, selection) = (Planned(self.plan), Selection::default());
        let survey = self.last_look(&self.question(&wants, &selection), looked_at).await;
        let behind = survey.values().flatten().any(|surveyed| self.engine.is_behind(&surveyed.view.facts, self.plan.parent));
        for (host, differences) in self.unsettled(&survey) {
            let outcome = hosts.entry(host.clone()).or_default();
            outcome.error = Some(format!("after the run it is not as wanted: {}", differences.join(", ")));
            self.note(What::PlanDiffers { host, stage: String::new(), differences }).map_err(RunError::Journal)?;
        }
        let forgotten = if self.order.reset { self.forget(&survey, hosts).await? } else { BTreeSet::new() };
        if hosts.values().all(is_well) {
            generation = self.write_generation(hosts, behind, &forgotten).await?;
        }
        self.release(hosts.keys()).await;
        Ok(generation)
    }

    /// How the hosts are. What changes by itself is given a moment: one host's last change may have cut what another has just found.
    async fn last_look(&self, question: &Question<'_>, hosts: Vec<&Remote>) -> Survey {
        let until = tokio::time::Instant::now() + MOMENT;
        loop {
            let survey = self.engine.ask_all(question, hosts.clone(), "").await;
            let left = self.left(&survey);
            let passes = left.iter().flat_map(|(_, changes)| changes).all(|change| only_flaps(&self.engine.kinds, change));
            if left.is_empty() || !passes || tokio::time::Instant::now() >= until {
                return survey;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// What a plan made now would still change.
    fn left(&self, survey: &Survey) -> Vec<(String, Vec<Change>)> {
        let layers: Vec<_> = self.plan.stages.iter().map(|stage| stage.layer.clone()).collect();
        let views = survey.iter().filter_map(|(host, surveyed)| Some((host.clone(), surveyed.as_ref().ok()?.view.clone())));
        let stages = crate::planner::stages(&self.engine.kinds, &layers, &views.collect());
        let hosts = stages.into_iter().flat_map(|stage| stage.hosts);
        hosts.map(|(host, on)| (host, on.changes)).filter(|(_, changes)| !changes.is_empty()).collect()
    }

    /// The same in words, and the hosts that do not answer.
    fn unsettled(&self, survey: &Survey) -> Vec<(String, Vec<String>)> {
        let silent =
            survey.iter().filter_map(|(host, surveyed)| Some((host.clone(), vec![surveyed.as_ref().err()?.to_string()])));
        let say = |change: &Change| {
            let fields: Vec<_> = change.fields().iter().map(|f| f.field.to_owned()).collect();
            format!("`{}` ({})", change.id(), fields.join(", "))
        };
        let left = self.left(survey).into_iter().map(|(host, changes)| (host, changes.iter().map(say).collect()));
        silent.chain(left).collect()
    }

    /// `behind`: some host does not have the parent generation or these secrets, because it is new or they are.
    async fn write_generation(
        &self,
        hosts: &mut BTreeMap<String, HostOutcome>,
        behind: bool,
        forgotten: &BTreeSet<String>,
    ) -> Result<Option<u64>, RunError> {
        let parent = self.plan.parent.map(|number| self.engine.folder.generation(number)).transpose()?;
        let wanted = self.resolved(parent.as_ref());
        let same = parent.filter(|parent| parent.same_region(&wanted, &self.plan.inventory));
        let new = same.is_none();
        let generation = same.unwrap_or_else(|| Generation {
            number: self.plan.parent.unwrap_or(0) + 1,
            parent: self.plan.parent,
            at: regionctl_plan::rfc3339(journal::now()),
            run: self.id.clone(),
            release: self.plan.release.clone(),
            inventory_digest: self.plan.inventory.clone(),
            inventory: self.engine.about.inventory.clone(),
            region: None,
            proof: None,
            wanted,
        });
        let mark = self.mark.get();
        let generation = Generation { region: mark.map(|mark| mark.id.clone()), ..generation };
        let generation = generation.prove(self.engine.vault.secrets());
        if !new && !behind {
            return Ok(None);
        }
        let reached = mark.and_then(|mark| self.engine.proof_of(mark, generation.number));
        let secrets = self.engine.vault.sealed_file();
        let keepers = self.remotes().into_iter().filter(|remote| !forgotten.contains(&remote.name));
        let stores = keepers.map(|remote| {
            let first = self.mark_script(&remote.name);
            let store = generation.store_script(&self.id, &first, reached.as_deref(), secrets.as_deref());
            async move { (remote.name.clone(), remote.script("keeping the generation", &store).await) }
        });
        let stored: Vec<_> = futures::stream::iter(stores).buffer_unordered(self.engine.parallel).collect().await;
        for (host, result) in stored {
            if let Err(error) = result {
                hosts.entry(host).or_default().error = Some(error.to_string());
            }
        }
        if !new {
            return Ok(None);
        }
        self.engine.folder.keep_generation(&generation)?;
        self.note(What::Generation { number: generation.number }).map_err(RunError::Journal)?;
        Ok(Some(generation.number))
    }

    /// Every resource that is wanted now: what the plan says, and the parent's for hosts and layers that it left out.
    fn resolved(&self, parent: Option<&Generation>) -> BTreeMap<String, Vec<Resource>> {
        let mut wanted: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
        let planned_layer = |resource: &Resource| {
            let layer = resource.role.split('/').next().unwrap_or_default();
            self.plan.stages.iter().any(|stage| stage.layer == layer)
        };
        let planned_host = |host: &str| self.plan.stages.iter().any(|stage| stage.hosts.contains_key(host));
        let remembered = parent.into_iter().flat_map(|parent| &parent.wanted);
        for (host, resources) in remembered.filter(|(host, _)| !self.order.gone.contains(*host)) {
            let kept = resources.iter().filter(|resource| !planned_host(host) || !planned_layer(resource)).cloned();
            wanted.entry(host.clone()).or_default().extend(kept);
        }
        for stage in &self.plan.stages {
            for (host, on) in &stage.hosts {
                let lasting = on.wanted.iter().filter(|resource| !resource.is_once());
                wanted.entry(host.clone()).or_default().extend(lasting.cloned());
            }
        }
        wanted.retain(|_, resources| !resources.is_empty());
        wanted
    }
}
