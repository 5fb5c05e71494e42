//! The document as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Addons, Backup, Base, Console, Encryption, Gluster, Hypervisor, Kubernetes, Lab, Machine, Network, Registry, Server,
    ServerRole, Services, Ssh, Volume, Vpn,
};
use crate::values::{DnsName, Name};

/// A region: one autonomous site, from its rented servers to its services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Region {
    /// The version of this document's shape: `regionctl.dev/v1alpha1`.
    pub api_version: String,
    /// What the document describes: `Region`.
    pub kind: String,
    /// The region's name and labels.
    pub metadata: Metadata,
    /// What the region is made of.
    pub spec: Spec,
}

/// The region's name and labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The region's name. It names the region's folder, its cluster and its lock on the servers, so it never changes.
    pub name: Name,
    /// Labels, for the operator's own use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What the region is made of. A section that is left out is a layer that is not wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The DNS domain of the region: `api.`, `registry.` and `*.apps.` are names in it. Left out, it is the region's name
    /// followed by `.internal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DnsName>,
    /// The release to install, by its name in the catalog. Everything that is installed has its version from it.
    pub release: String,
    /// How the servers are reached.
    #[serde(default)]
    pub ssh: Ssh,
    /// The networks of the region and the ranges of addresses in them.
    #[serde(default)]
    pub network: Network,
    /// The servers: rented bare-metal machines, with Debian on them and reached over SSH.
    #[schemars(length(min = 1))]
    pub servers: Vec<Server>,
    /// How encrypted disks are opened at boot.
    #[serde(default)]
    pub encryption: Encryption,
    /// What is true on every server: packages, kernel settings, sshd, time.
    #[serde(default)]
    pub base: Base,
    /// The replicated file systems that the servers share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gluster: Option<Gluster>,
    /// The way in for operators and developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpn: Option<Vpn>,
    /// The region's own registry of container images and packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// What runs the virtual machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<Hypervisor>,
    /// The virtual machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<Machine>,
    /// The Kubernetes cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
    /// What every cluster needs: load balancer, ingress, certificates, metrics, logs, dashboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addons: Option<Addons>,
    /// The services of the platform: secrets, identity, forge, images, delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Services>,
    /// The console of the tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<Console>,
    /// What is backed up, when, and where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// How `regionctl lab` plays this region on one machine. Nothing else reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<Lab>,
}

impl Region {
    /// The region's name.
    pub fn name(&self) -> &str {
        self.metadata.name.as_str()
    }

    /// The DNS domain of the region, without a final dot: as written, or `NAME.internal`.
    pub fn domain(&self) -> String {
        match &self.spec.domain {
            Some(domain) => domain.to_string(),
            None => format!("{}.internal", self.metadata.name),
        }
    }

    /// The server of that name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.spec.servers.iter().find(|server| server.name.as_str() == name)
    }

    /// The machine of that name.
    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.spec.machines.iter().find(|machine| machine.name.as_str() == name)
    }

    /// The servers, in the order of the document.
    pub fn servers(&self) -> &[Server] {
        &self.spec.servers
    }

    /// The servers that have a role, in the order of the document.
    pub fn servers_with(&self, role: ServerRole) -> Vec<&Server> {
        self.spec.servers.iter().filter(|server| server.roles.contains(&role)).collect()
    }

    /// The servers with the role `storage`.
    pub fn storage_servers(&self) -> Vec<&Server> {
        self.servers_with(ServerRole::Storage)
    }

    /// The servers with the role `compute`.
    pub fn compute_servers(&self) -> Vec<&Server> {
        self.servers_with(ServerRole::Compute)
    }

    /// The servers that VPN clients connect to: those written, or the compute servers. None without a VPN.
    pub fn vpn_servers(&self) -> Vec<&Server> {
        let Some(vpn) = &self.spec.vpn else { return Vec::new() };
        if vpn.servers.is_empty() {
            return self.compute_servers();
        }
        vpn.servers.iter().filter_map(|name| self.server(name.as_str())).collect()
    }

    /// The Gluster volumes; none when the section is left out.
    pub fn volumes(&self) -> &[Volume] {
        self.spec.gluster.as_ref().map_or(&[], |gluster| &gluster.volumes)
    }
}
