//! Where the lab differs from what the inventory asks for. Each is printed: a rehearsal must not promise too much.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::spec::{HostKind, LabHost, LabSpec};
use crate::vm;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Substitution {
    /// The host, or none for the whole lab.
    pub host: Option<String>,
    /// What the inventory asks for.
    pub wanted: String,
    /// What the lab gives.
    pub given: String,
}

impl fmt::Display for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}: ")?;
        }
        write!(f, "{}: {}", self.wanted, self.given)
    }
}

/// The differences of a lab.
pub fn substitutions(spec: &LabSpec) -> Vec<Substitution> {
    substitutions_with(spec, &BTreeSet::new())
}

pub(crate) fn substitutions_with(spec: &LabSpec, outside: &BTreeSet<Ipv4Addr>) -> Vec<Substitution> {
    let mut found = Vec::new();
    let mut add = |host: Option<&LabHost>, wanted: String, given: &str| {
        found.push(Substitution { host: host.map(|h| h.name.clone()), wanted, given: given.to_owned() });
    };
    add(None, "addresses".into(), "the lab gives the hosts their public and vrack addresses");
    add(
        None,
        "way out".into(),
        "TCP and UDP over this machine's own network, masqueraded; nothing outside can open a connection to a host",
    );
    if let Some(vlan) = spec.vrack.vlan.filter(|_| spec.hosts.iter().any(|host| host.kind == HostKind::Container)) {
        add(None, format!("vrack in VLAN {vlan}"), "untagged");
    }
    for address in outside {
        add(None, format!("{address} in the public network"), "this machine's world has it: routed to the outside");
    }
    if spec.hosts.iter().any(|h| h.kind == HostKind::Container) {
        let of_containers = [
            ("kernel", "containers share this machine's; no modules, no LVM, LUKS or VLAN unless it has them"),
            ("sysctl", "network keys are each host's own; the others are this machine's and read-only"),
            ("clock", "this machine's; chronyd runs and does not set it"),
            ("security updates", "set up, but the night's run is left out: a rehearsal does the same at every hour"),
            ("memory and CPUs", "containers share this machine's, without a limit"),
            ("disks", "loop devices on sparse files, never encrypted; `lsblk` in a container lists this machine's disks"),
            ("power loss", "kills every process at once; what was written and not synced survives"),
        ];
        for (wanted, given) in of_containers {
            add(None, wanted.into(), given);
        }
    }
    for host in spec.hosts.iter().filter(|h| h.kind == HostKind::Vm) {
        for disk in vm::linked_disks(host) {
            add(Some(host), format!("disk {}", disk.wanted), &format!("{} with a link", disk.given));
        }
    }
    found
}
