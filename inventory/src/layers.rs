//! The layers of a region, and which of them a document asks for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    types::{Disk, DiskLayout, HypervisorKind, Region, Server},
    values::Problem,
};

/// A layer of a region. Layers stand on one another in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Named checks of the servers, all reported together.
    Preflight,
    /// Packages, time, hosts file, kernel settings, sshd, security updates.
    Base,
    /// The vrack, the gateway, DNS and the firewall.
    Network,
    /// The way in for operators.
    Vpn,
    /// LVM, LUKS and file systems.
    Disks,
    /// Peers, bricks, volumes and mounts of GlusterFS.
    Gluster,
    /// The region's own registry.
    Registry,
    /// Proxmox VE or libvirt.
    Hypervisor,
    /// The virtual machines.
    Machines,
    /// The Kubernetes cluster.
    Kubernetes,
    /// What every cluster needs.
    Addons,
    /// The services of the platform.
    Services,
    /// The console of the tenants.
    Console,
}

impl Layer {
    /// All layers, in order.
    pub const ALL: [Self; 13] = [
        Self::Preflight,
        Self::Base,
        Self::Network,
        Self::Vpn,
        Self::Disks,
        Self::Gluster,
        Self::Registry,
        Self::Hypervisor,
        Self::Machines,
        Self::Kubernetes,
        Self::Addons,
        Self::Services,
        Self::Console,
    ];

    /// Whether this version of regionctl can install it.
    pub const fn available(self) -> bool {
        matches!(self, Self::Preflight | Self::Base | Self::Network | Self::Vpn | Self::Disks | Self::Gluster)
    }

    /// Its name, as `--layer` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Base => "base",
            Self::Network => "network",
            Self::Vpn => "vpn",
            Self::Disks => "disks",
            Self::Gluster => "gluster",
            Self::Registry => "registry",
            Self::Hypervisor => "hypervisor",
            Self::Machines => "machines",
            Self::Kubernetes => "kubernetes",
            Self::Addons => "addons",
            Self::Services => "services",
            Self::Console => "console",
        }
    }

    /// What it is, in a few words.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Preflight => "named checks of the servers, read-only",
            Self::Base => "packages, time, hosts file, kernel settings, sshd, security updates",
            Self::Network => "vrack, gateway, DNS, firewall",
            Self::Vpn => "OpenVPN for operators and developers",
            Self::Disks => "LVM, LUKS, file systems",
            Self::Gluster => "replicated file systems: peers, bricks, volumes, mounts",
            Self::Registry => "the region's own registry of images and packages",
            Self::Hypervisor => "Proxmox VE or libvirt",
            Self::Machines => "virtual machines",
            Self::Kubernetes => "the Kubernetes cluster",
            Self::Addons => "load balancer, ingress, certificates, metrics, logs, dashboard",
            Self::Services => "secrets, identity, forge, images, delivery",
            Self::Console => "the console of the tenants",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layer {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|layer| layer.name() == text).ok_or_else(|| {
            let hint = crate::nearest::hint(text, Self::ALL.iter().map(|layer| layer.name()));
            Problem { message: format!("unknown layer `{text}`"), hint }
        })
    }
}

/// Something that the document asks for and this version of regionctl cannot do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotAvailable {
    /// What it is: ``layer `vpn` ``.
    pub what: String,
    /// The field that asks for it: `spec.vpn`.
    pub path: String,
}

impl fmt::Display for NotAvailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not available in this version (asked for by `{}`)", self.what, self.path)
    }
}

impl Region {
    /// The layers that the document asks for, in order. Preflight and base are always among them.
    pub fn requested_layers(&self) -> Vec<Layer> {
        Layer::ALL.into_iter().filter(|layer| self.asked_by(*layer).is_some()).collect()
    }

    /// What the document asks for and this version cannot do: to be said by `plan`, never passed over.
    pub fn not_available(&self) -> Vec<NotAvailable> {
        let layers = Layer::ALL
            .into_iter()
            .filter(|layer| !layer.available())
            .filter_map(|layer| Some(NotAvailable { what: format!("layer `{layer}`"), path: self.asked_by(layer)? }));
        let backup = self.spec.backup.iter().filter(|backup| backup.enabled);
        let backup = backup.map(|_| NotAvailable { what: "backup".to_owned(), path: "spec.backup".to_owned() });
        layers.chain(backup).collect()
    }

    /// The field that asks for a layer, as a path.
    fn asked_by(&self, layer: Layer) -> Option<String> {
        let spec = &self.spec;
        let section = |asked: bool, path: &str| asked.then(|| path.to_owned());
        match layer {
            Layer::Preflight | Layer::Base => section(true, "spec.servers"),
            Layer::Network => self.network_asked_by(),
            Layer::Vpn => section(spec.vpn.is_some(), "spec.vpn"),
            Layer::Disks => self.disks_asked_by(),
            Layer::Gluster => section(!self.volumes().is_empty(), "spec.gluster"),
            Layer::Registry => section(spec.registry.is_some(), "spec.registry"),
            Layer::Hypervisor => {
                let asked = spec.hypervisor.as_ref().is_some_and(|h| h.kind != HypervisorKind::None);
                section(asked, "spec.hypervisor")
            }
            Layer::Machines => section(!spec.machines.is_empty(), "spec.machines"),
            Layer::Kubernetes => section(spec.kubernetes.is_some(), "spec.kubernetes"),
            Layer::Addons => section(spec.addons.is_some(), "spec.addons"),
            Layer::Services => section(spec.services.is_some(), "spec.services"),
            Layer::Console => section(spec.console.as_ref().is_some_and(|c| c.enabled), "spec.console"),
        }
    }

    /// A vrack that the provider or the lab set up (no VLAN, no bridge, packets of 1500 bytes) needs no network layer.
    fn network_asked_by(&self) -> Option<String> {
        let network = &self.spec.network;
        let asked = [
            (network.vrack.vlan.is_some(), "spec.network.vrack.vlan"),
            (network.vrack.mtu != 1500, "spec.network.vrack.mtu"),
            (network.vrack.bridge.is_some(), "spec.network.vrack.bridge"),
            (network.gateway.as_ref().is_some_and(|gateway| gateway.enabled), "spec.network.gateway"),
            (network.dns.as_ref().is_some_and(|dns| dns.enabled), "spec.network.dns"),
            (network.firewall.as_ref().is_some_and(|firewall| firewall.enabled), "spec.network.firewall"),
        ];
        asked.into_iter().find_map(|(asked, path)| asked.then(|| path.to_owned()))
    }

    /// A plain disk with one brick is formatted by the gluster layer; LUKS and LVM are the disks layer's.
    fn disks_asked_by(&self) -> Option<String> {
        let group = self.servers().iter().enumerate().find_map(|(s, server)| {
            let d = server.disks.iter().position(|disk| disk.layout != DiskLayout::Plain)?;
            Some(format!("spec.servers[{s}].disks[{d}].layout"))
        });
        group.or_else(|| self.encrypted_disk())
    }

    /// The disks of a server that are to be encrypted. A plain disk that nothing is to be on is left alone.
    pub fn encrypted_disks<'a>(&'a self, server: &'a Server) -> impl Iterator<Item = &'a Disk> {
        let of_machines = self.spec.hypervisor.as_ref().and_then(|hypervisor| hypervisor.disk.as_ref());
        let used = move |disk: &&Disk| {
            let of_brick = || self.bricks_on_disk(server, disk).next().is_some();
            disk.layout != DiskLayout::Plain || of_machines == Some(&disk.name) || of_brick()
        };
        server.disks.iter().filter(|disk| disk.encrypt).filter(used)
    }

    /// A disk that is to be encrypted.
    fn encrypted_disk(&self) -> Option<String> {
        self.servers().iter().enumerate().find_map(|(s, server)| {
            let first = self.encrypted_disks(server).next()?;
            let d = server.disks.iter().position(|disk| disk.name == first.name)?;
            Some(format!("spec.servers[{s}].disks[{d}].encrypt"))
        })
    }
}
