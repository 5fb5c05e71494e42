//! What earlier runs left at work on the hosts ends before a plan is made: it is made from what stays.

use std::collections::BTreeMap;

use regionctl_plan::{HostStage, PLAN_FORMAT, Plan, Stage};
use tokio::sync::watch;

use super::{Order, RunError};
use crate::engine::{Engine, Survey};
use crate::folder::FolderError;
use crate::journal::Listener;
use crate::remote::HostError;

impl Engine {
    /// The hosts of this region on which a unit of an earlier run is at work, or what may cut SSH waits for its confirmation.
    ///
    /// # Errors
    /// The region folder cannot be read.
    pub fn unsettled<'a>(&self, survey: &'a Survey) -> Result<Vec<&'a str>, FolderError> {
        let mark = self.mark()?;
        let at_work = survey.iter().filter(|(_, answer)| {
            let facts = answer.as_ref().ok().map(|surveyed| &surveyed.view.facts);
            let facts = facts.filter(|facts| !self.is_foreign(mark.as_ref(), facts));
            facts.is_some_and(|facts| facts.unconfirmed.is_some() || !facts.running_units.is_empty())
        });
        Ok(at_work.map(|(host, _)| host.as_str()).collect())
    }

    /// Waits for the units of earlier runs, and takes back what may cut SSH and was not confirmed. Whatever a survey found
    /// before is to be asked again after this.
    ///
    /// # Errors
    /// Somebody else works on such a host, it cannot be settled although it answers, or the region folder cannot be used.
    pub async fn settle(
        &self,
        survey: &Survey,
        order: &Order,
        listener: Listener,
        stop: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        let _lock = self.folder.lock(&order.verb)?;
        let hosts = self.unsettled(survey)?.into_iter().map(|host| (host.to_owned(), HostStage::default()));
        let plan = Plan {
            format: PLAN_FORMAT,
            id: "settle".into(),
            region: self.about.region.clone(),
            release: self.about.release.clone(),
            parent: self.folder.generations()?.last().copied(),
            inventory: self.about.inventory_digest.clone(),
            stages: vec![Stage { layer: "settle".into(), hosts: hosts.collect() }],
            findings: Vec::new(),
            notes: Vec::new(),
        };
        let run = self.run(&plan, order, listener, stop)?;
        run.note(run.registered()).map_err(RunError::Journal)?;
        let settled = run.take_leases().await;
        if let Ok(survey) = &settled {
            run.release(survey.keys()).await;
        }
        let ok = settled.as_ref().is_ok_and(|survey| survey.values().all(Result::is_ok));
        run.end(&BTreeMap::new(), ok)?;
        // One that went away meanwhile does not keep the others from their work.
        let away = |error: &HostError| matches!(error, HostError::Ssh { away: true, .. });
        match settled?.into_values().filter_map(Result::err).find(|error| !away(error)) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}
