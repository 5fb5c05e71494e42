//! What others run or left on the host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::push;

/// What others run or left on the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Foreign {
    /// Units that are running, of those that a check asks for.
    pub units: Vec<String>,
    /// Who else writes files of ours: `cloud-init`, `NetworkManager`, `resolvconf`, `systemd-resolved`.
    pub writers: Vec<String>,
    /// TCP ports that are listened on, and by which process (`?` if it is not known).
    pub ports: BTreeMap<u16, String>,
    /// nftables tables that drop or reject packets, as `inet filter`.
    pub dropping_tables: Vec<String>,
    /// Tables of the old iptables kernel interface that are in use.
    pub legacy_tables: Vec<String>,
    /// Gluster peers that the host knows, by name or address.
    pub gluster_peers: Vec<String>,
    /// Gluster volumes that the host knows.
    pub gluster_volumes: Vec<String>,
    /// Files that a Kubernetes node leaves.
    pub kubernetes_files: Vec<String>,
    /// Files that a Proxmox host has.
    pub proxmox_files: Vec<String>,
}

impl Foreign {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "unit" => push(&mut self.units, value),
            "writer" => push(&mut self.writers, value),
            "dropping-table" => push(&mut self.dropping_tables, value),
            "legacy-table" => push(&mut self.legacy_tables, value),
            "gluster-peer" => push(&mut self.gluster_peers, value),
            "gluster-volume" => push(&mut self.gluster_volumes, value),
            "kubernetes-file" => push(&mut self.kubernetes_files, value),
            "proxmox-file" => push(&mut self.proxmox_files, value),
            _ => false,
        }
    }

    pub(super) fn listen(&mut self, port: &str, process: &str) -> bool {
        port.parse().is_ok_and(|port: u16| {
            self.ports.insert(port, process.to_owned());
            true
        })
    }

    /// True if the unit is running.
    pub fn runs(&self, unit: &str) -> bool {
        self.units.iter().any(|running| running == unit)
    }
}
