//! The Kubernetes cluster.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MachineRole, Region, Values};
use crate::values::{DnsName, KubernetesVersion, Name};

/// The Kubernetes cluster, made with kubeadm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Kubernetes {
    /// The version.
    pub version: KubernetesVersion,
    /// The hosts (machines or servers) with a control plane and an etcd member: 1, 3, 5 or 7. Left out, the machines with
    /// the role `control-plane`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub control_planes: Vec<Name>,
    /// The hosts that run pods. Left out, the machines with the role `worker`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<Name>,
    /// The network of the pods.
    pub cni: Cni,
    /// The address on the vrack that follows a healthy API server. Left out, the second host address of the vrack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_address: Option<Ipv4Addr>,
    /// The port of the API server.
    #[schemars(range(min = 1, max = 65535))]
    pub api_port: u16,
    /// The DNS domain inside the cluster.
    pub cluster_domain: DnsName,
    /// More settings of the kubelet, as KubeletConfiguration has them.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub kubelet: Values,
    /// More settings of kube-proxy, as KubeProxyConfiguration has them.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub kube_proxy: Values,
    /// More settings of containerd's CRI plugin.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub containerd: Values,
    /// Checks of kubeadm that may fail, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore_preflight_errors: Vec<String>,
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self {
            version: KubernetesVersion::NEWEST,
            control_planes: Vec::new(),
            workers: Vec::new(),
            cni: Cni::Calico,
            api_address: None,
            api_port: 6443,
            cluster_domain: DnsName::cluster_local(),
            kubelet: Values::new(),
            kube_proxy: Values::new(),
            containerd: Values::new(),
            ignore_preflight_errors: Vec::new(),
        }
    }
}

/// The network of the pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cni {
    /// Calico, with network policies.
    #[default]
    Calico,
    /// The bridge plugin and routes over the vrack: for one small layer-2 network, without network policies.
    Bridge,
}

impl Region {
    /// The hosts with a control plane, by name: as written, or the machines with that role.
    pub fn control_planes(&self) -> Vec<&Name> {
        self.nodes(MachineRole::ControlPlane, |kubernetes| &kubernetes.control_planes)
    }

    /// The hosts that run pods, by name: as written, or the machines with that role.
    pub fn workers(&self) -> Vec<&Name> {
        self.nodes(MachineRole::Worker, |kubernetes| &kubernetes.workers)
    }

    fn nodes(&self, role: MachineRole, written: impl Fn(&Kubernetes) -> &Vec<Name>) -> Vec<&Name> {
        match &self.spec.kubernetes {
            Some(kubernetes) if !written(kubernetes).is_empty() => written(kubernetes).iter().collect(),
            Some(_) => self.spec.machines.iter().filter(|m| m.role == role).map(|m| &m.name).collect(),
            None => Vec::new(),
        }
    }

    /// The address that follows a healthy API server: as written, or the second host address of the vrack.
    pub fn api_address(&self) -> Option<Ipv4Addr> {
        let kubernetes = self.spec.kubernetes.as_ref()?;
        Some(kubernetes.api_address.unwrap_or_else(|| self.spec.network.vrack.cidr.hosts().nth(1)))
    }
}
