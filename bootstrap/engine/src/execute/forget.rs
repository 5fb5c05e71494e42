//! After a reset each host that was given back forgets regionctl, whatever became of the others; then it is searched for
//! anything that was written and is in no ledger.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use regionctl_plan::{Action, Facts, Resource, What, quote};

use super::finish::is_well;
use super::{HostOutcome, Run, RunError};
use crate::engine::Survey;
use crate::lease;
use crate::secrets::stands_for_secret;

/// What no file of somebody else begins with, within its first lines.
const OURS: &str = "Written by regionctl";

impl Run<'_> {
    /// The hosts that forgot everything.
    pub(super) async fn forget(
        &self,
        survey: &Survey,
        hosts: &mut BTreeMap<String, HostOutcome>,
    ) -> Result<BTreeSet<String>, RunError> {
        let given_back = self.remotes().into_iter().filter_map(|remote| {
            let surveyed = survey.get(&remote.name)?.as_ref().ok()?;
            hosts.get(&remote.name).is_none_or(is_well).then_some((remote, &surveyed.view.facts))
        });
        let forgets = given_back.map(|(remote, facts)| async move {
            let script = lease::forget_script(&self.id) + &self.traces_script(&remote.name, facts);
            (remote.name.clone(), remote.script("forgetting", &script).await)
        });
        let answers: Vec<_> = futures::stream::iter(forgets).buffer_unordered(self.engine.parallel).collect().await;
        let mut forgotten = BTreeSet::new();
        for (host, answer) in answers {
            let outcome = hosts.entry(host.clone()).or_default();
            outcome.error = match &answer {
                Ok(said) if said.lines().any(|line| line == "forgotten") => {
                    forgotten.insert(host.clone());
                    let traces: Vec<_> =
                        said.lines().filter_map(|line| line.strip_prefix("trace\t")).map(str::to_owned).collect();
                    if traces.is_empty() {
                        continue;
                    }
                    let error = format!("after the reset something of regionctl is still there: {}", traces.join(", "));
                    let what = What::PlanDiffers { host: host.clone(), stage: String::new(), differences: traces };
                    self.note(what).map_err(RunError::Journal)?;
                    outcome.hint = Some("remove by hand what is there, then reset once more".into());
                    Some(error)
                }
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            };
        }
        Ok(forgotten)
    }

    /// Shell that prints what only regionctl can have written, without believing any ledger: files that the roles want, files
    /// that say so themselves, units and tables of packet filters by their names.
    fn traces_script(&self, host: &str, facts: &Facts) -> String {
        let wants = &self.engine.wants;
        let wanted: Vec<_> = wants.layers().iter().flat_map(|layer| wants.wanted(layer, host, facts)).collect();
        let ours = |kind: &str| {
            let ours = wanted.iter().filter(|resource| resource.id.kind == kind && is_ours(resource));
            let ours = ours.filter(|resource| !self.had_original(host, resource));
            ours.map(|resource| quote(&resource.id.name)).collect::<Vec<_>>().join(" ")
        };
        format!(
            r#"
trace() {{ printf 'trace\t%s\n' "$1"; }}
for file in {files}; do [ ! -e "$file" ] || trace "$file"; done
for unit in regionctl-revert.service regionctl-revert.timer {units}; do
  [ "$(systemctl show -p LoadState --value -- "$unit")" = not-found ] && ! systemctl is-failed -q -- "$unit" || trace "the unit $unit"
done
grep -rslI -m 1 -e '{OURS}' /etc 2>/dev/null | while read -r file; do trace "$file"; done
find /etc -xdev -name '*.regionctl' | while read -r file; do trace "$file"; done
! command -v nft >/dev/null || nft list tables | grep -E '^table [^ ]+ regionctl' | while read -r table; do trace "the $table"; done
"#,
            files = ours("file"),
            units = ours("unit"),
        )
    }

    /// True if the reset brought back what had been there under this name.
    fn had_original(&self, host: &str, resource: &Resource) -> bool {
        let mut changes = self.plan.changes().filter(|(_, on, change)| *on == host && *change.id() == resource.id);
        changes.any(|(_, _, change)| change.action == Action::Return && change.after().is_some())
    }
}

/// True for what nobody else can have made: by its name, or by the secrets in it. What is in a file that others have too, such as
/// `/etc/hosts`, says itself whose it is.
fn is_ours(resource: &Resource) -> bool {
    resource.id.name.contains("regionctl") || resource.text("content").is_some_and(stands_for_secret)
}
