//! A server together with its answer: what checks look at.

use std::net::IpAddr;

use regionctl_inventory::{BrickPlace, Region, Server};

use super::check::Said;
use super::{HostProbe, Nic, RegionFacts};

/// A server that answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host<'a> {
    pub(super) region: &'a Region,
    pub(super) server: &'a Server,
    pub(super) probe: &'a HostProbe,
}

/// The servers that were asked.
#[derive(Debug)]
pub(super) struct Hosts<'a> {
    pub(super) region: &'a Region,
    pub(super) facts: &'a RegionFacts,
    /// In the order of the inventory.
    pub(super) answered: Vec<Host<'a>>,
    /// Name, and why it did not answer.
    pub(super) silent: Vec<(&'a str, &'a str)>,
}

impl<'a> Hosts<'a> {
    pub(super) fn new(region: &'a Region, facts: &'a RegionFacts) -> Self {
        let mut hosts = Self { region, facts, answered: Vec::new(), silent: Vec::new() };
        for server in region.servers() {
            match facts.hosts.get(server.name.as_str()) {
                Some(Ok(probe)) => hosts.answered.push(Host { region, server, probe }),
                Some(Err(why)) => hosts.silent.push((server.name.as_str(), why)),
                None => {}
            }
        }
        hosts
    }

    /// The server of that name, if it answered.
    pub(super) fn get(&self, name: &str) -> Option<&Host<'a>> {
        self.answered.iter().find(|host| host.name() == name)
    }

    /// Says something about every host that shares a value with an earlier one. `values` gives what must be unique.
    pub(super) fn shared(&self, what: &str, values: impl Fn(&Host<'a>) -> Vec<String>) -> Vec<Said> {
        let mut said = Vec::new();
        for (i, host) in self.answered.iter().enumerate() {
            let own = values(host);
            for first in self.answered.iter().take(i) {
                if let Some(value) = values(first).into_iter().find(|value| own.contains(value)) {
                    said.push(Said::new(format!("{what} `{value}` is also that of {}", first.name())).on(host.name()));
                    break;
                }
            }
        }
        said
    }
}

impl<'a> Host<'a> {
    pub(super) fn name(&self) -> &'a str {
        self.server.name.as_str()
    }

    /// Its address on the vrack.
    pub(super) fn vrack_address(&self) -> IpAddr {
        self.server.vrack_address()
    }

    /// The vrack's card: the one that the inventory names, or else the one that has the address.
    pub(super) fn vrack_nic(&self) -> Option<(&'a str, &'a Nic)> {
        let vrack = &self.server.vrack;
        let mut nics = self.probe.network.nics.iter().map(|(name, nic)| (name.as_str(), nic));
        match (&vrack.mac, &vrack.interface) {
            // Bridges and VLANs have the MAC of the card below them: the card itself comes first.
            (Some(mac), _) => {
                let mac = mac.to_string();
                let with_mac: Vec<_> = nics.filter(|(_, nic)| nic.mac == mac).collect();
                with_mac.iter().find(|(_, nic)| nic.physical).or(with_mac.first()).copied()
            }
            (None, Some(name)) => nics.find(|(nic, _)| *nic == name.as_str()),
            (None, None) => self.nic_with(self.vrack_address()),
        }
    }

    /// How the inventory names the vrack's card, if it does.
    pub(super) fn vrack_nic_wanted(&self) -> Option<String> {
        let vrack = &self.server.vrack;
        let mac = vrack.mac.as_ref().map(|mac| format!("with the MAC address `{mac}`"));
        mac.or_else(|| vrack.interface.as_ref().map(|name| format!("`{name}`")))
    }

    /// The interface that has the address.
    pub(super) fn nic_with(&self, address: IpAddr) -> Option<(&'a str, &'a Nic)> {
        let nics = self.probe.network.nics.iter().map(|(name, nic)| (name.as_str(), nic));
        nics.into_iter().find(|(_, nic)| nic.prefix_of(address).is_some())
    }

    /// True if regionctl makes the vrack here.
    pub(super) fn makes_vrack(&self) -> bool {
        self.region.spec.network.vrack.is_made(!self.probe.system.container)
    }

    /// True if regionctl puts a VLAN on the vrack's card.
    pub(super) fn makes_vlan(&self) -> bool {
        self.region.spec.network.vrack.vlan.is_some() && !self.probe.system.container
    }

    /// True if the vrack can be expected to work: its address is there and its card is not known to be down.
    pub(super) fn on_vrack(&self) -> bool {
        let up = self.vrack_nic().is_some_and(|(_, nic)| !nic.is_down());
        up && self.nic_with(self.vrack_address()).is_some()
    }

    /// True if the vrack's packets fit through its own interfaces.
    pub(super) fn mtu_fits(&self) -> bool {
        let wanted = u32::from(self.region.spec.network.vrack.mtu);
        let with_address = self.nic_with(self.vrack_address());
        self.vrack_nic().into_iter().chain(with_address).all(|(_, nic)| nic.mtu >= wanted)
    }

    /// The bricks that it will hold.
    pub(super) fn bricks(&self) -> Vec<BrickPlace<'a>> {
        self.region.bricks().map(|(_, brick)| brick).filter(|brick| brick.server.name == self.server.name).collect()
    }

    /// True if it is a control plane of Kubernetes.
    pub(super) fn is_control_plane(&self) -> bool {
        self.region.control_planes().contains(&&self.server.name)
    }

    /// True if it is a node of Kubernetes.
    pub(super) fn is_node(&self) -> bool {
        self.is_control_plane() || self.region.workers().contains(&&self.server.name)
    }

    /// True if it will run virtual machines.
    pub(super) fn is_hypervisor(&self) -> bool {
        self.region.spec.hypervisor.as_ref().is_some_and(|hypervisor| {
            hypervisor.kind != regionctl_inventory::HypervisorKind::None
                && (hypervisor.servers.is_empty() || hypervisor.servers.contains(&self.server.name))
        })
    }

    /// In a container, what belongs to the machine below it is only noted.
    pub(super) fn unless_container(&self, why: &str, said: Vec<Said>) -> Vec<Said> {
        if !self.probe.system.container {
            return said;
        }
        said.into_iter().map(|said| Said::note(format!("{}; not held against a container: {why}", said.message))).collect()
    }
}
