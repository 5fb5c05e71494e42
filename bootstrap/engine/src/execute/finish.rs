//! The end of a run: a last look, the generation, and who forgets what.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use regionctl_plan::{Change, Resource, What};

use super::{HostOutcome, Run, RunError};
use crate::engine::Survey;
use crate::generation::Generation;
use crate::journal;
use crate::planned::Planned;
use crate::survey::Selection;

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
        let survey = self.engine.ask_all(&self.question(&wants, &selection), looked_at, "").await;
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

    /// What a plan made now would still change.
    fn unsettled(&self, survey: &Survey) -> Vec<(String, Vec<String>)> {
        let layers: Vec<_> = self.plan.stages.iter().map(|stage| stage.layer.clone()).collect();
        let mut unsettled = Vec::new();
        let mut views = BTreeMap::new();
        for (host, surveyed) in survey {
            match surveyed {
                Ok(surveyed) => drop(views.insert(host.clone(), surveyed.view.clone())),
                Err(error) => unsettled.push((host.clone(), vec![error.to_string()])),
            }
        }
        for stage in crate::planner::stages(&self.engine.kinds, &layers, &views) {
            for (host, on) in stage.hosts.into_iter().filter(|(_, on)| !on.changes.is_empty()) {
                let say = |change: &Change| {
                    let fields: Vec<_> = change.fields().iter().map(|f| f.field.to_owned()).collect();
                    format!("`{}` ({})", change.id(), fields.join(", "))
                };
                unsettled.push((host, on.changes.iter().map(say).collect()));
            }
        }
        unsettled
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
        let store = generation.store_script(&self.id, &self.mark_script(), reached.as_deref(), secrets.as_deref());
        let keepers = self.remotes().into_iter().filter(|remote| !forgotten.contains(&remote.name));
        let stores = keepers.map(|remote| {
            let store = &store;
            async move { (remote.name.clone(), remote.script("keeping the generation", store).await) }
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
        for (host, resources) in parent.into_iter().flat_map(|parent| &parent.wanted) {
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
