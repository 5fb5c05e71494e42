//! The names by which a host is told from others.

use serde::{Deserialize, Serialize};

use super::{push, text};

/// The names by which a host is told from others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// The kernel's host name.
    pub hostname: String,
    /// /etc/hostname.
    pub static_hostname: String,
    /// /etc/machine-id.
    pub machine_id: String,
    /// SHA-256 of each public SSH host key.
    pub ssh_host_keys: Vec<String>,
    /// The id by which Gluster's servers know it, if it has ever run glusterd.
    pub gluster_id: String,
}

impl Identity {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "hostname" => text(&mut self.hostname, value),
            "static-hostname" => text(&mut self.static_hostname, value),
            "machine-id" => text(&mut self.machine_id, value),
            "gluster-id" => text(&mut self.gluster_id, value),
            "ssh-host-key" => push(&mut self.ssh_host_keys, value),
            _ => false,
        }
    }
}
