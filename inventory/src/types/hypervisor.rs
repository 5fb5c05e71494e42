//! What runs the virtual machines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::Name;

/// What runs the virtual machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Hypervisor {
    /// Which hypervisor.
    pub kind: HypervisorKind,
    /// The servers that are hypervisors. Left out, all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Name>,
    /// The disk, by its name on each server, that machines are kept on. Left out, the server's root file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<Name>,
}

/// Which hypervisor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HypervisorKind {
    /// Proxmox VE: 9 on Debian 13, 8 on Debian 12.
    #[default]
    Proxmox,
    /// libvirt and QEMU.
    Libvirt,
    /// None: Kubernetes directly on the servers.
    None,
}
