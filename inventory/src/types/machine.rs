//! The virtual machines.

use std::{collections::BTreeMap, net::Ipv4Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Name, Size};

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// The machine's name. It becomes its host name, so no server may have it.
    pub name: Name,
    /// What the machine is for.
    pub role: MachineRole,
    /// The server that it runs on.
    pub server: Name,
    /// Its virtual processors.
    #[serde(default = "Machine::default_cpus")]
    #[schemars(range(min = 1, max = 1024))]
    pub cpus: u16,
    /// Its memory.
    #[serde(default = "Machine::default_memory")]
    pub memory: Size,
    /// Its disk.
    #[serde(default = "Machine::default_disk")]
    pub disk: Size,
    /// Its address on the vrack. Left out, one is allotted from `ranges.machines` by the machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
    /// Labels, for the operator's own use; nodes of Kubernetes get them too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl Machine {
    fn default_cpus() -> u16 {
        4
    }

    fn default_memory() -> Size {
        Size::gib(8)
    }

    fn default_disk() -> Size {
        Size::gib(40)
    }
}

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MachineRole {
    /// A control plane of Kubernetes, with an etcd member.
    ControlPlane,
    /// A worker of Kubernetes.
    Worker,
    /// Nothing of Kubernetes: the operator's own.
    Plain,
}
