//! The servers.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Disk, Ssh};
use crate::values::{Host, InterfaceName, Mac, Name};

/// A server: a rented bare-metal machine with Debian on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Server {
    /// The server's name. It becomes its host name.
    pub name: Name,
    /// What the server is for.
    #[schemars(length(min = 1))]
    pub roles: Vec<ServerRole>,
    /// Where SSH reaches it from the operator's machine (or from the bastion).
    pub address: Host,
    /// The port of its sshd. Left out, the port of `spec.ssh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// Its place on the vrack.
    #[serde(default)]
    pub vrack: ServerVrack,
    /// Its data disks. The disk that Debian is on is not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<Disk>,
    /// Labels, for the operator's own use; nodes of Kubernetes get them too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServerRole {
    /// It runs machines or pods.
    Compute,
    /// It holds data bricks.
    Storage,
}

impl fmt::Display for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compute => "compute",
            Self::Storage => "storage",
        })
    }
}

/// A server's place on the vrack. The network card is found by `interface`, by `mac`, or else by the address it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServerVrack {
    /// The network card, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<InterfaceName>,
    /// The network card, by MAC address, which unlike the name never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// Its address on the vrack. Left out, one is allotted from `ranges.servers` by the server's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
}

impl Server {
    /// Its address on the vrack, as written or allotted. A server that does not come from [`crate::parse`] and has none
    /// written gives `0.0.0.0`.
    pub fn vrack_address(&self) -> IpAddr {
        IpAddr::V4(self.vrack.address.unwrap_or(Ipv4Addr::UNSPECIFIED))
    }

    /// The port of its sshd: its own, or that of all servers.
    pub fn ssh_port(&self, ssh: &Ssh) -> u16 {
        self.port.unwrap_or(ssh.port)
    }

    /// The disk of that name.
    pub fn disk(&self, name: &str) -> Option<&Disk> {
        self.disks.iter().find(|disk| disk.name.as_str() == name)
    }

    /// Whether it has the role.
    pub fn is(&self, role: ServerRole) -> bool {
        self.roles.contains(&role)
    }
}
