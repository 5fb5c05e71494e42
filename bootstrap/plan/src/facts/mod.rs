//! What was observed of a host besides the wanted resources.

mod strange;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Fields, Resource};

pub use strange::{MAX_GENERATION, StrangeFact};

/// Facts of one host. Roles read them; they decide names and contents, never whether a probe is believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// `ID` of /etc/os-release, such as `debian`.
    pub os: String,
    /// Major version: `VERSION_ID` of /etc/os-release, such as 12.
    pub os_version: u32,
    /// `VERSION_CODENAME`, such as `bookworm`.
    pub codename: String,
    /// dpkg's architecture, such as `amd64`.
    pub arch: String,
    /// `uname -r`.
    pub kernel: String,
    /// What `systemd-detect-virt` says: `none`, `kvm`, `systemd-nspawn`, …
    pub virtualization: String,
    /// The static host name.
    pub hostname: String,
    /// Network interfaces except loopback.
    pub nics: Vec<Nic>,
    /// The interfaces with a default route: those of IPv4, as the kernel prefers them, then those of IPv6.
    #[serde(default)]
    pub ways_out: Vec<String>,
    /// The generation that the host was left at, if any.
    pub generation: Option<u64>,
    /// What proves it, under the region's key.
    #[serde(default)]
    pub generation_proof: Option<String>,
    /// The region that the host belongs to, if any.
    #[serde(default)]
    pub region: Option<Mark>,
    /// The name by which the region last worked on it, if it ever did.
    #[serde(default)]
    pub server: Option<String>,
    /// True if the host keeps anything for regionctl: a ledger, generations, a lease.
    #[serde(default)]
    pub kept: bool,
    /// Names of our transient units that are running now.
    pub running_units: Vec<String>,
    /// The address that the operator's connection comes from, as the host sees it: the bastion's, where there is one.
    /// Unknown behind sudo.
    #[serde(default)]
    pub operator: Option<IpAddr>,
    /// The run whose changes, which may cut SSH, wait for a new connection that keeps them.
    #[serde(default)]
    pub unconfirmed: Option<String>,
    /// SHA-256 of the encrypted secrets file that the host keeps with its generation, in hexadecimal.
    #[serde(default)]
    pub secrets: Option<String>,
    /// Packages whose configuration was interrupted (`dpkg --audit`).
    pub dpkg_broken: bool,
    /// What configures the host's network.
    #[serde(default)]
    pub network: NetworkManager,
    /// Who else would write files of ours.
    #[serde(default)]
    pub writers: Vec<Writer>,
}

/// Somebody on a host who writes files that regionctl writes, too, and who can be told not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writer {
    /// cloud-init is installed.
    CloudInit,
    /// NetworkManager is installed.
    NetworkManager,
}

impl Writer {
    /// By the word that a host says.
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "cloud-init" => Some(Self::CloudInit),
            "network-manager" => Some(Self::NetworkManager),
            _ => None,
        }
    }
}

/// Whose a host is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The region's id: 32 hexadecimal digits that its first run drew.
    pub id: String,
    /// The region's name.
    pub region: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.region)
    }
}

impl Mark {
    /// Reads `ID NAME`.
    pub fn read(text: &str) -> Option<Self> {
        let (id, region) = text.split_once(' ')?;
        Some(Self { id: id.to_owned(), region: region.to_owned() })
    }
}

/// What configures a host's network, as far as regionctl writes its configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkManager {
    /// systemd-networkd runs.
    Networkd,
    /// ifupdown2 is installed, as Proxmox VE has it.
    Ifupdown2,
    /// Something else, such as Debian's ifupdown: what regionctl makes beside it, it makes by itself.
    #[default]
    Other,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nic {
    /// Its name, such as `eno1`.
    pub name: String,
    /// Its MAC address, lower case with colons.
    pub mac: String,
    /// In bytes.
    pub mtu: u32,
    /// `up` or `down`, as /sys/class/net/*/operstate has it.
    pub state: String,
    /// Whether it is a device of its own, and not a bridge, a VLAN or another interface that the kernel makes.
    #[serde(default)]
    pub physical: bool,
    /// Addresses with prefix length.
    pub addresses: Vec<String>,
}

impl Facts {
    /// What a freshly rented server usually is. Used only to guess which resources to observe in the first round trip;
    /// the plan is made from what the host then answers.
    pub fn assumed() -> Self {
        Self {
            os: "debian".into(),
            os_version: 13,
            codename: "trixie".into(),
            arch: "amd64".into(),
            kernel: String::new(),
            virtualization: "none".into(),
            hostname: String::new(),
            nics: Vec::new(),
            ways_out: Vec::new(),
            generation: None,
            generation_proof: None,
            region: None,
            server: None,
            kept: false,
            running_units: Vec::new(),
            operator: None,
            unconfirmed: None,
            secrets: None,
            dpkg_broken: false,
            network: NetworkManager::Other,
            writers: Vec::new(),
        }
    }

    /// The interface that has an address.
    pub fn nic_with(&self, address: IpAddr) -> Option<&Nic> {
        let has = |given: &String| given.split('/').next().and_then(|given| given.parse::<IpAddr>().ok()) == Some(address);
        self.nics.iter().find(|nic| nic.addresses.iter().any(has))
    }

    /// True if the host shares its kernel with others, so that modules and kernel-wide settings belong to the machine below.
    pub fn shares_kernel(&self) -> bool {
        matches!(self.virtualization.as_str(), "systemd-nspawn" | "lxc" | "lxc-libvirt" | "docker" | "podman" | "openvz")
    }
}

/// An entry of a host's ledger: what is ours and what it was before we first touched it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// When it was first touched: nanoseconds since 1970 on the host's clock, or one more than the last before, if the clock was set
    /// back. Returns go in reverse order.
    pub order: u64,
    /// The resource as it was last applied.
    pub resource: Resource,
    /// The stage it belongs to.
    pub layer: String,
    /// What was there before; `None`: nothing.
    pub original: Option<Fields>,
}
