//! An immutable plan: what will change, host by host and stage by stage, before anything does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Action, Certainty, Change, Finding, Resource};

/// The format of plan files; a plan of another format is refused.
pub const PLAN_FORMAT: u32 = 2;

/// Everything that an install will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: u32,
    /// The beginning of a digest of the rest, to tell plans apart. It proves nothing.
    pub id: String,
    /// The region's name.
    pub region: String,
    /// The release that the wanted resources come from.
    pub release: String,
    /// The generation that this plan starts from; `None` on a first install.
    pub parent: Option<u64>,
    /// SHA-256 of the inventory, in hexadecimal.
    pub inventory: String,
    /// The stages, in the order in which they run.
    pub stages: Vec<Stage>,
    /// What the lint found.
    pub findings: Vec<Finding>,
    /// What the inventory asks for and this plan leaves out, such as a layer that is not available.
    pub notes: Vec<String>,
}

/// One stage: a layer on the hosts that have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// The layer's name.
    pub layer: String,
    /// What is wanted and what changes, by host.
    pub hosts: BTreeMap<String, HostStage>,
}

/// A stage on one host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostStage {
    /// Every resource the stage wants on this host, changed or not, in order.
    pub wanted: Vec<Resource>,
    /// What changes, in order.
    pub changes: Vec<Change>,
}

/// How many changes of each sort a plan has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Things that will exist.
    pub create: usize,
    /// Things that will be altered.
    pub update: usize,
    /// Things that will no longer exist.
    pub remove: usize,
    /// Things that go back to their original.
    #[serde(rename = "return")]
    pub back: usize,
    /// Wanted things that are already so.
    pub unchanged: usize,
}

impl Counts {
    /// All changes.
    pub fn changes(&self) -> usize {
        self.create + self.update + self.remove + self.back
    }
}

impl Plan {
    /// Every change with its stage and host, in order of stage, host and execution.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &str, &Change)> {
        self.stages.iter().flat_map(|stage| {
            let hosts = stage.hosts.iter();
            hosts.flat_map(|(host, on)| on.changes.iter().map(|change| (stage.layer.as_str(), host.as_str(), change)))
        })
    }

    /// The names of the secrets that its resources are given.
    pub fn secrets(&self) -> BTreeSet<String> {
        let stages = self.stages.iter().flat_map(|stage| stage.hosts.values());
        let resources = stages.flat_map(|on| on.wanted.iter().chain(on.changes.iter().map(|change| &change.resource)));
        resources.flat_map(|resource| &resource.secrets).map(|secret| secret.name.clone()).collect()
    }

    /// True if nothing will change.
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// How much changes and how much is already so.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut wanted_changes = 0;
        for (_, _, change) in self.changes() {
            match change.action {
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Remove => counts.remove += 1,
                Action::Return => counts.back += 1,
            }
            wanted_changes += usize::from(change.action != Action::Return);
        }
        let wanted: usize = self.stages.iter().flat_map(|s| s.hosts.values()).map(|h| h.wanted.len()).sum();
        counts.unchanged = wanted.saturating_sub(wanted_changes);
        counts
    }

    /// Gives the plan its id and marks what later stages can only expect.
    #[must_use]
    pub fn seal(mut self) -> Self {
        let mut busy: Vec<String> = Vec::new();
        for stage in &mut self.stages {
            for (host, on) in &mut stage.hosts {
                if busy.contains(host) {
                    for change in &mut on.changes {
                        if change.certainty == Certainty::Exact {
                            change.certainty = Certainty::Expected;
                        }
                    }
                }
            }
            busy.extend(stage.hosts.iter().filter(|(_, on)| !on.changes.is_empty()).map(|(host, _)| host.clone()));
        }
        self.id = String::new();
        self.id = digest(&self)[..12].to_owned();
        self
    }
}

/// SHA-256 of a value's JSON, in hexadecimal. Maps are ordered, so equal values have equal digests.
pub fn digest<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_vec(value).unwrap_or_default();
    sha256(&json)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff;

    fn plan() -> Plan {
        let wanted = vec![Resource::present("directory", "/srv").field("mode", "0755")];
        let changes: Vec<_> = wanted.iter().filter_map(|r| diff(r, None)).collect();
        let hosts = BTreeMap::from([("a".to_owned(), HostStage { wanted, changes })]);
        let stage = |layer: &str| Stage { layer: layer.to_owned(), hosts: hosts.clone() };
        Plan {
            format: PLAN_FORMAT,
            id: String::new(),
            region: "demo".into(),
            release: "2026.11".into(),
            parent: None,
            inventory: sha256(b""),
            stages: vec![stage("base"), stage("gluster")],
            findings: vec![],
            notes: vec![],
        }
        .seal()
    }

    #[test]
    fn later_stages_are_only_expected() {
        let plan = plan();
        let certain: Vec<_> = plan.changes().map(|(_, _, c)| c.certainty.clone()).collect();
        assert_eq!(certain, [Certainty::Exact, Certainty::Expected]);
    }

    #[test]
    fn counts_add_up() {
        let counts = plan().counts();
        assert_eq!((counts.create, counts.unchanged, counts.changes()), (2, 0, 2));
    }
}
