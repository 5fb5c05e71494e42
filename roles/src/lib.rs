//! Roles: what must be true on a host. Pure functions of the inventory, the release and the facts of the host.
//!
//! A role is a folder: `mod.rs`, its templates, and its cases under `cases/`. [`LAYERS`] is the table of contents; a new
//! role is a new folder and a line there.

mod base;
mod disks;
mod gluster;
mod host;
mod network;
pub mod preflight;
pub mod secrets;
mod template;
pub mod vpn;
mod wanted;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use regionctl_engine::Wants;
use regionctl_images::{CatalogError, Release};
use regionctl_inventory::Region;
use regionctl_plan::{Facts, Resource};

use secrets::Known;

pub use base::kernel::settings::{SETTINGS as KERNEL_SETTINGS, Setting as KernelSetting};
pub use disks::is_recovery_key;
pub use disks::replaced::{IDENTITY, Lost, Replaced};
pub use gluster::heal::INFO as HEAL_INFO;
pub use host::Host;
pub use network::firewall::{LISTENERS, Listener, Ports, reference as listeners_reference};
pub use network::gateway::servers as gateway_servers;
pub use network::vrack::ask_others;
pub use wanted::Wanted;

/// A layer: roles that are planned and applied together.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Its name, as `--layer` takes it.
    pub name: &'static str,
    /// Its roles, in the order in which they are applied.
    pub roles: &'static [Role],
}

/// A role.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// Its name, `LAYER/ROLE`.
    pub name: &'static str,
    /// What it makes true, in a few words.
    pub what: &'static str,
    /// What it wants of a host.
    pub wants: fn(&Host<'_>) -> Wanted,
}

/// Every layer and every role, in order.
pub const LAYERS: &[Layer] = &[
    Layer {
        name: "base",
        roles: &[
            Role {
                name: "base/cloud_init",
                what: "what made the server does not make it again at every boot",
                wants: base::cloud_init::wants,
            },
            Role { name: "base/hosts_file", what: "every server knows the others by name", wants: base::hosts_file::wants },
            Role { name: "base/hostname", what: "the server is called as in the inventory", wants: base::hostname::wants },
            Role { name: "base/packages", what: "the tools that later layers and operators use", wants: base::packages::wants },
            Role { name: "base/time", what: "one clock for all servers, and the time zone", wants: base::time::wants },
            Role { name: "base/kernel", what: "kernel settings and modules", wants: base::kernel::wants },
            Role { name: "base/journald", what: "the log is kept, and bounded", wants: base::journald::wants },
            Role {
                name: "base/security_updates",
                what: "Debian's security updates, every day",
                wants: base::security_updates::wants,
            },
            Role { name: "base/keys", what: "more keys that may log in", wants: base::keys::wants },
            Role { name: "base/sshd", what: "sshd takes keys and little else", wants: base::sshd::wants },
        ],
    },
    Layer {
        name: "network",
        roles: &[
            Role {
                name: "network/vrack",
                what: "VLAN, bridge, packet size and address on the private network",
                wants: network::vrack::wants,
            },
            Role {
                name: "network/gateway",
                what: "the way out for what lives on the vrack only",
                wants: network::gateway::wants,
            },
            Role {
                name: "network/dns",
                what: "every server knows the names of the region, and answers for them",
                wants: network::dns::wants,
            },
            Role {
                name: "network/firewall",
                what: "the server takes what it must and drops the rest",
                wants: network::firewall::wants,
            },
        ],
    },
    Layer {
        name: "vpn",
        roles: &[
            Role { name: "vpn/routes", what: "answers find the way to the users of the VPN", wants: vpn::routes::wants },
            Role { name: "vpn/openvpn", what: "the way in for users with a profile", wants: vpn::openvpn::wants },
        ],
    },
    Layer {
        name: "disks",
        roles: &[
            Role { name: "disks/replaced", what: "a disk that failed is let go", wants: disks::replaced::wants },
            Role { name: "disks/tang", what: "the server helps to open the disks of others", wants: disks::tang::wants },
            Role { name: "disks/luks", what: "encrypted containers on data disks", wants: disks::luks::wants },
            Role { name: "disks/unlock", what: "encrypted disks are opened at boot by the others", wants: disks::unlock::wants },
            Role { name: "disks/lvm", what: "LVM groups, volumes and thin pools", wants: disks::lvm::wants },
        ],
    },
    Layer {
        name: "gluster",
        roles: &[
            Role {
                name: "gluster/tls",
                what: "the servers that use a volume know each other by certificates",
                wants: gluster::tls::wants,
            },
            Role { name: "gluster/server", what: "glusterd on the servers with bricks", wants: gluster::server::wants },
            Role { name: "gluster/bricks", what: "file systems for the bricks", wants: gluster::bricks::wants },
            Role { name: "gluster/peers", what: "the servers with bricks know each other", wants: gluster::peers::wants },
            Role { name: "gluster/volumes", what: "replicated volumes and their options", wants: gluster::volumes::wants },
            Role {
                name: "gluster/replaced",
                what: "the bricks of a new disk join their volumes and get all files",
                wants: gluster::replaced::wants,
            },
            Role { name: "gluster/online", what: "every brick is served", wants: gluster::online::wants },
            Role { name: "gluster/mounts", what: "volumes mounted where they are wanted", wants: gluster::mounts::wants },
            Role { name: "gluster/heal", what: "every copy is up to date", wants: gluster::heal::wants },
        ],
    },
];

/// The roles of a region.
#[derive(Clone, Debug)]
pub struct Roles {
    region: Arc<Region>,
    release: Arc<Release>,
    secrets: Known,
    replaced: Option<Replaced>,
}

impl Roles {
    /// The roles of a region that is installed from this release.
    pub fn new(region: Arc<Region>, release: Arc<Release>) -> Self {
        Self { region, release, secrets: Known::default(), replaced: None }
    }

    /// With what is known of the region's secrets.
    #[must_use]
    pub fn with_secrets(self, secrets: Known) -> Self {
        Self { secrets, ..self }
    }

    /// With what it takes to replace a disk.
    #[must_use]
    pub fn replacing(self, replaced: Option<Replaced>) -> Self {
        Self { replaced, ..self }
    }

    /// The roles of a region, with the release that it names.
    ///
    /// # Errors
    /// The release is not known.
    pub fn of(region: Arc<Region>) -> Result<Self, CatalogError> {
        let release = regionctl_images::release(&region.spec.release)?;
        Ok(Self::new(region, Arc::new(release)))
    }

    /// The release.
    pub fn release(&self) -> &Release {
        &self.release
    }

    fn layer(&self, layer: &Layer, host: &Host<'_>) -> Vec<Resource> {
        Wanted::layer(layer.roles.iter().map(|role| (role.wants)(host).by(role.name)).collect())
    }
}

impl Wants for Roles {
    fn layers(&self) -> Vec<String> {
        LAYERS.iter().map(|layer| layer.name.to_owned()).collect()
    }

    fn wanted(&self, layer: &str, host: &str, facts: &Facts) -> Vec<Resource> {
        let Some(server) = self.region.server(host) else { return Vec::new() };
        let replaced = self.replaced.as_ref();
        let host = Host { region: &self.region, release: &self.release, secrets: &self.secrets, server, facts, replaced };
        let mut wanted: Vec<Resource> = Vec::new();
        for known in LAYERS {
            // What an earlier layer wants is there already.
            let earlier = std::mem::take(&mut wanted);
            let new = self.layer(known, &host).into_iter().filter(|new| !earlier.iter().any(|old| old.id == new.id));
            if known.name == layer {
                return new.collect();
            }
            wanted = new.collect();
            wanted.extend(earlier);
        }
        Vec::new()
    }
}
