//! Asking the hosts: one round trip each, a second only where the guess about the host was wrong.

use std::collections::{BTreeMap, BTreeSet};

use regionctl_plan::{Facts, Id, Resource};

use crate::journal;
use crate::kind::Kinds;
use crate::kinds::data;
use crate::lease::Lease;
use crate::observe::{self, Observation};
use crate::planner::{HostView, Wants};
use crate::remote::{HostError, Remote};
use crate::secrets::Vault;

/// What to look at: everything, or some hosts and layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these hosts; empty: all.
    pub hosts: BTreeSet<String>,
    /// Only these layers; empty: all.
    pub layers: BTreeSet<String>,
}

impl Selection {
    /// True if the host is meant.
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.contains(host)
    }

    /// True if the layer is meant.
    pub fn has_layer(&self, layer: &str) -> bool {
        self.layers.is_empty() || self.layers.contains(layer)
    }

    /// True if nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.hosts.is_empty() && self.layers.is_empty()
    }
}

/// What a plan leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Goal {
    /// What the roles want.
    #[default]
    Wanted,
    /// Nothing at all, as for a reset: everything that is ours goes back.
    Nothing {
        /// Disks whose data goes too, whoever made it: the server and the device.
        wipe: BTreeSet<(String, String)>,
    },
}

impl Goal {
    /// A reset that leaves all data.
    pub fn nothing() -> Self {
        Self::Nothing { wipe: BTreeSet::new() }
    }
}

/// What a survey of one host gave.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// What planning needs.
    pub view: HostView,
    /// Who holds the host.
    pub lease: Option<Lease>,
    /// The host's clock, in seconds since 1970.
    pub clock: u64,
    /// The operator's clock when the host had answered, in seconds since 1970.
    pub answered: u64,
    /// The run that the lease was taken over from, if it was just taken.
    pub taken_from: Option<String>,
}

/// What the roles want of one host, and in which layers.
pub struct Question<'a> {
    /// The kinds.
    pub kinds: &'a Kinds,
    /// The secrets.
    pub(crate) vault: &'a Vault,
    /// The roles.
    pub wants: &'a dyn Wants,
    /// Hosts and layers.
    pub selection: &'a Selection,
    /// Whether they are asked at all.
    pub goal: &'a Goal,
}

impl Question<'_> {
    fn wanted(&self, host: &str, facts: &Facts) -> Vec<(String, Vec<Resource>)> {
        let layers = self.wants.layers();
        let wanted = |layer: &String| match self.goal {
            Goal::Wanted => self.wants.wanted(layer, host, facts),
            Goal::Nothing { .. } => Vec::new(),
        };
        layers.iter().map(|layer| (layer.clone(), wanted(layer))).collect()
    }

    /// Asks a host. `preamble` is shell that runs before, such as taking the lease; `guess` are facts known from before.
    ///
    /// # Errors
    /// The host cannot be reached or does not answer sense.
    pub async fn ask(&self, remote: &Remote, preamble: &str, guess: Option<&Facts>) -> Result<Surveyed, HostError> {
        let assumed = Facts::assumed();
        let asked = self.selected(&self.wanted(&remote.name, guess.unwrap_or(&assumed)));
        let mut seen = self.observe(remote, preamble, &asked).await?;
        let answered = journal::now().as_secs();
        let all = self.wanted(&remote.name, &seen.facts);
        let wanted_by_any = all.iter().flat_map(|(_, wanted)| wanted).map(|r| r.id.clone()).collect();
        let wanted: Vec<_> = all.into_iter().filter(|(layer, _)| self.selection.has_layer(layer)).collect();
        let mut ledger = seen.ledger;
        if let (Goal::Nothing { wipe }, Some((layer, _))) = (self.goal, wanted.first()) {
            let devices = wipe.iter().filter(|(server, _)| *server == remote.name);
            devices.for_each(|(_, device)| data::wipe(&mut ledger, layer, device));
        }
        let mut view = HostView { facts: seen.facts, ledger, wanted, wanted_by_any, have: BTreeMap::new(), locked: seen.locked };
        let known: BTreeMap<&Id, &Resource> = asked.iter().map(|r| (&r.id, r)).collect();
        let needed = view.wanted.iter().flat_map(|(_, wanted)| wanted).chain(view.left_over().map(|entry| &entry.resource));
        let missing: Vec<_> = needed.filter(|r| known.get(&r.id) != Some(r)).cloned().collect();
        if !missing.is_empty() {
            let more = self.observe(remote, "", &missing).await?;
            seen.have.extend(more.have);
            view.locked.extend(more.locked);
        }
        // A disk to wipe that turned out to be blank.
        view.ledger.retain(|entry| entry.order != data::NOT_OURS || matches!(seen.have.get(&entry.resource.id), Some(Some(_))));
        view.have = seen.have;
        self.vault.seal_former(self.kinds, &mut view);
        Ok(Surveyed { view, lease: seen.lease, clock: seen.clock, answered, taken_from: seen.taken_from })
    }

    fn selected(&self, wanted: &[(String, Vec<Resource>)]) -> Vec<Resource> {
        let mut seen = BTreeSet::new();
        let selected = wanted.iter().filter(|(layer, _)| self.selection.has_layer(layer)).flat_map(|(_, wanted)| wanted);
        selected.filter(|r| seen.insert(r.id.clone())).cloned().collect()
    }

    async fn observe(&self, remote: &Remote, preamble: &str, resources: &[Resource]) -> Result<Observation, HostError> {
        let nonsense = |error: observe::ObserveError| remote.error("observing", error.to_string());
        let filled: Vec<_> = resources.iter().map(|resource| self.vault.filled(self.kinds, resource)).collect();
        let body = format!("{preamble}\n{}", observe::script(self.kinds, &filled).map_err(nonsense)?);
        let output = remote.script("observing", &body).await?;
        if let Some(held) = output.lines().skip_while(|line| *line != "@held").nth(1) {
            let lease = Lease::read(held);
            return Err(lease.map_or_else(|| remote.error("taking the lease", "it is held".into()), |by| remote.held(by)));
        }
        let mut seen = observe::read(self.kinds, &filled, &output).map_err(nonsense)?;
        for (resource, filled) in resources.iter().zip(&filled) {
            if let Some(have) = seen.have.get_mut(&resource.id).and_then(Option::as_mut) {
                self.vault.seal(self.kinds, resource, filled, have);
            }
        }
        Ok(seen)
    }
}
