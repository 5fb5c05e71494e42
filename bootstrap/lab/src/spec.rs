//! What a lab is asked to be: its networks and its hosts.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnetwork::Ipv4Network;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::LabError;

/// A lab: a name, two networks, hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabSpec {
    /// The lab's name: lower-case letters, digits and `-`, at most 40 characters. Two labs of different names can be up at once.
    pub name: String,
    /// The network over which the operator reaches the hosts.
    pub public: PublicNetwork,
    /// The private network between the hosts.
    pub vrack: VrackNetwork,
    /// The hosts.
    pub hosts: Vec<LabHost>,
    /// OpenSSH public keys that root accepts on every host, beside the lab's own key.
    #[serde(default)]
    pub authorized_keys: Vec<String>,
    /// A user beside root on every host, with the same keys and `sudo` without a password.
    #[serde(default)]
    pub user: Option<String>,
    /// Debian packages that every host has from the start, beside those of a fresh rented server. A set of packages is an image of its own.
    #[serde(default)]
    pub extra_packages: Vec<String>,
}

/// The public network of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicNetwork {
    /// Its range.
    pub cidr: Ipv4Network,
    /// The default gateway of the hosts; the operator's place is there too.
    pub gateway: Ipv4Addr,
}

/// The private network of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrackNetwork {
    /// Its range.
    pub cidr: Ipv4Network,
    /// Its MTU, in bytes, 576 to 9216.
    pub mtu: u32,
    /// The VLAN that the inventory wants on it. Containers have it untagged: a printed substitution.
    #[serde(default)]
    pub vlan: Option<u16>,
}

/// How a host is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    /// A `systemd-nspawn` container with its own systemd; it shares the machine's kernel. Up in about 2 s.
    #[default]
    Container,
    /// A QEMU machine with Debian's own kernel. Up in about 40 s without KVM.
    Vm,
}

/// A Debian release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Debian {
    /// Debian 12, bookworm.
    Bookworm,
    /// Debian 13, trixie.
    Trixie,
}

impl Debian {
    /// The code name, as apt wants it.
    pub fn suite(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }
}

impl TryFrom<u8> for Debian {
    type Error = String;

    fn try_from(version: u8) -> Result<Self, String> {
        match version {
            12 => Ok(Self::Bookworm),
            13 => Ok(Self::Trixie),
            other => Err(format!("debian {other} is not known to the lab (12 and 13 are)")),
        }
    }
}

impl From<Debian> for u8 {
    fn from(debian: Debian) -> Self {
        match debian {
            Debian::Bookworm => 12,
            Debian::Trixie => 13,
        }
    }
}

/// One host of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabHost {
    /// Its name and hostname.
    pub name: String,
    /// How it is made.
    #[serde(default)]
    pub kind: HostKind,
    /// Its Debian release.
    pub debian: Debian,
    /// Its address on the public network.
    pub public_address: Ipv4Addr,
    /// The port of its sshd.
    #[serde(default = "ssh_port")]
    pub ssh_port: u16,
    /// The name of its public NIC.
    #[serde(default = "public_interface")]
    pub public_interface: String,
    /// The MAC of its public NIC, or none for one derived from the names.
    #[serde(default)]
    pub public_mac: Option<String>,
    /// The address that the lab gives to its vrack NIC; none leaves the NIC without one.
    #[serde(default)]
    pub vrack_address: Option<Ipv4Addr>,
    /// The name of its vrack NIC.
    #[serde(default = "vrack_interface")]
    pub vrack_interface: String,
    /// The MAC of its vrack NIC, or none for one derived from the names.
    #[serde(default)]
    pub vrack_mac: Option<String>,
    /// Its disks beside the system's.
    #[serde(default)]
    pub disks: Vec<LabDisk>,
    /// Memory in MiB (of a VM; a container shares the machine's).
    #[serde(default = "memory")]
    pub memory_mib: u64,
    /// Virtual CPUs (of a VM; a container shares the machine's).
    #[serde(default = "cpus")]
    pub cpus: u32,
}

/// One disk of a host: a sparse file on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabDisk {
    /// The path on the host, such as `/dev/sdb`.
    pub device: String,
    /// Its size in bytes.
    pub bytes: u64,
}

fn public_interface() -> String {
    "eno1".to_owned()
}

fn vrack_interface() -> String {
    "eno2".to_owned()
}

fn ssh_port() -> u16 {
    22
}

fn memory() -> u64 {
    1024
}

fn cpus() -> u32 {
    2
}

/// One of a lab's two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The operator's and the uplink's.
    Public,
    /// The private one.
    Vrack,
}

impl Network {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Public, Self::Vrack];
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Vrack => "vrack",
        })
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "public" => Ok(Self::Public),
            "vrack" => Ok(Self::Vrack),
            other => Err(format!("`{other}` is no network of a lab (`public` and `vrack` are)")),
        }
    }
}

impl LabHost {
    /// The MAC of the host's NIC on a network.
    pub fn mac(&self, lab: &str, network: Network) -> String {
        let given = match network {
            Network::Public => &self.public_mac,
            Network::Vrack => &self.vrack_mac,
        };
        given.as_ref().map_or_else(|| derived_mac(lab, &self.name, network), |mac| mac.to_lowercase())
    }

    /// The name of the host's NIC on a network.
    pub fn interface(&self, network: Network) -> &str {
        match network {
            Network::Public => &self.public_interface,
            Network::Vrack => &self.vrack_interface,
        }
    }
}

fn derived_mac(lab: &str, host: &str, network: Network) -> String {
    let digest = Sha256::digest(format!("{lab}/{host}/{network}"));
    // 52:54:00 is QEMU's prefix of locally administered addresses.
    format!("52:54:00:{:02x}:{:02x}:{:02x}", digest[0], digest[1], digest[2])
}

impl LabSpec {
    /// The host of this name.
    pub fn host(&self, name: &str) -> Result<&LabHost, LabError> {
        self.hosts.iter().find(|h| h.name == name).ok_or_else(|| LabError::NoSuchHost {
            lab: self.name.clone(),
            host: name.to_owned(),
            known: self.hosts.iter().map(|h| h.name.clone()).collect(),
        })
    }

    /// Checks that a lab can be made of this. All mistakes are reported together.
    pub fn validate(&self) -> Result<(), LabError> {
        let mut problems = Vec::new();
        if !name_is_good(&self.name) {
            problems.push(format!("`{}` cannot name a lab (lower-case letters, digits and `-`, at most 40)", self.name));
        }
        if self.hosts.is_empty() {
            problems.push("it has no host".to_owned());
        }
        if !self.public.cidr.contains(self.public.gateway) {
            problems.push(format!("gateway {} is outside {}", self.public.gateway, self.public.cidr));
        }
        if self.public.cidr.overlaps(self.vrack.cidr) {
            problems.push(format!("public {} and vrack {} overlap", self.public.cidr, self.vrack.cidr));
        }
        if !(576..=9216).contains(&self.vrack.mtu) {
            problems.push(format!("vrack MTU {} is outside 576 to 9216", self.vrack.mtu));
        }
        let mut seen = BTreeSet::from([self.public.gateway.to_string()]);
        for host in &self.hosts {
            self.check_host(host, &mut seen, &mut problems);
        }
        if let Some(user) = self.user.as_ref().filter(|user| !name_is_good(user)) {
            problems.push(format!("`{user}` cannot name a user"));
        }
        for package in &self.extra_packages {
            if !package.chars().all(|c| c.is_ascii_alphanumeric() || "+-.:".contains(c)) || package.is_empty() {
                problems.push(format!("`{package}` cannot name a package"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(LabError::Spec { lab: self.name.clone(), problems }) }
    }

    fn check_host(&self, host: &LabHost, seen: &mut BTreeSet<String>, problems: &mut Vec<String>) {
        let name = &host.name;
        let mut once = |what: String| {
            if !seen.insert(what.clone()) {
                problems.push(format!("host `{name}`: {what} is used twice"));
            }
        };
        once(format!("name {name}"));
        once(host.public_address.to_string());
        if let Some(address) = host.vrack_address {
            once(address.to_string());
        }
        for network in Network::ALL {
            once(host.mac(&self.name, network));
        }
        if !name_is_good(name) {
            problems.push(format!("`{name}` cannot name a host"));
        }
        if !self.public.cidr.contains(host.public_address) {
            problems.push(format!("host `{name}`: {} is outside {}", host.public_address, self.public.cidr));
        }
        if let Some(address) = host.vrack_address
            && !self.vrack.cidr.contains(address)
        {
            problems.push(format!("host `{name}`: {address} is outside {}", self.vrack.cidr));
        }
        for network in Network::ALL {
            let (interface, mac) = (host.interface(network), host.mac(&self.name, network));
            if !interface_is_good(interface) {
                problems.push(format!("host `{name}`: `{interface}` cannot name an interface"));
            }
            if !mac_is_good(&mac) {
                problems.push(format!("host `{name}`: `{mac}` is no unicast MAC"));
            }
        }
        if host.public_interface == host.vrack_interface {
            problems.push(format!("host `{name}`: both NICs are named `{}`", host.public_interface));
        }
        let mut devices = BTreeSet::new();
        for disk in &host.disks {
            if !device_is_good(&disk.device) {
                problems.push(format!("host `{name}`: `{}` is no path of a disk", disk.device));
            }
            if !devices.insert(&disk.device) {
                problems.push(format!("host `{name}`: disk `{}` is given twice", disk.device));
            }
            if disk.bytes < 1 << 20 {
                problems.push(format!("host `{name}`: disk `{}` is smaller than 1 MiB", disk.device));
            }
        }
    }
}

/// Names become file, interface and cgroup names: nothing but letters, digits and `-`.
pub(crate) fn name_is_good(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 40 && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

fn interface_is_good(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 15
        && name != "lo"
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn mac_is_good(mac: &str) -> bool {
    let bytes: Vec<_> = mac.split(':').map(|b| if b.len() == 2 { u8::from_str_radix(b, 16).ok() } else { None }).collect();
    bytes.len() == 6 && bytes.iter().all(Option::is_some) && bytes[0].is_some_and(|b| b & 1 == 0)
}

fn device_is_good(device: &str) -> bool {
    device.strip_prefix("/dev/").is_some_and(|name| {
        !name.is_empty()
            && !name.split('/').any(|part| part.is_empty() || part == "..")
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> LabSpec {
        serde_json::from_value(serde_json::json!({
            "name": "demo",
            "public": {"cidr": "198.51.100.0/24", "gateway": "198.51.100.1"},
            "vrack": {"cidr": "10.20.0.0/24", "mtu": 9000},
            "hosts": [
                {"name": "a", "debian": 13, "public_address": "198.51.100.11", "vrack_address": "10.20.0.11",
                 "disks": [{"device": "/dev/sdb", "bytes": 1073741824}]},
                {"name": "b", "kind": "vm", "debian": 12, "public_address": "198.51.100.12"}
            ]
        }))
        .unwrap()
    }

    #[test]
    fn a_good_spec_passes_and_keeps_its_defaults() {
        let spec = spec();
        spec.validate().unwrap();
        assert_eq!(spec.hosts[0].vrack_interface, "eno2");
        assert_eq!(spec.hosts[0].kind, HostKind::Container);
        assert_eq!(spec.host("b").unwrap().kind, HostKind::Vm);
        assert!(spec.host("z").unwrap_err().to_string().contains("hosts: a, b"));
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let mut bad = spec();
        bad.name = "De mo".into();
        bad.vrack.mtu = 64;
        bad.hosts[0].public_address = "10.0.0.1".parse().unwrap();
        bad.hosts[0].vrack_interface = "a name that is long".into();
        bad.hosts[0].vrack_mac = Some("01:00:00:00:00:00".into());
        bad.hosts[0].disks[0].device = "/dev/../etc/passwd".into();
        bad.hosts[1].name = "a".into();
        let text = bad.validate().unwrap_err().to_string();
        for part in ["De mo", "MTU 64", "10.0.0.1", "a name that", "no unicast", "../etc", "used twice"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn unknown_debian_is_refused() {
        assert!(serde_json::from_str::<Debian>("11").unwrap_err().to_string().contains("12 and 13"));
    }

    #[test]
    fn macs_are_stable_unicast_and_distinct() {
        let spec = spec();
        let mac = spec.hosts[0].mac("demo", Network::Vrack);
        assert_eq!(mac, spec.hosts[0].mac("demo", Network::Vrack));
        assert!(mac_is_good(&mac));
        assert_ne!(mac, spec.hosts[0].mac("demo", Network::Public));
        assert_ne!(mac, spec.hosts[0].mac("other", Network::Vrack));
    }
}
