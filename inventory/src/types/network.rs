//! The networks of the region.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{AddressRange, Cidr, InterfaceName, Name};

/// The networks of the region and the ranges of addresses in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// The public network, which the provider configured.
    pub public: PublicNetwork,
    /// The private network between the servers.
    pub vrack: Vrack,
    /// Which addresses are for what.
    pub ranges: Ranges,
    /// The way out for what lives on the vrack only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// The region's own DNS: its zone, and a resolver for hosts, pods and VPN clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<Dns>,
    /// Where the servers take the time from.
    pub ntp: Ntp,
    /// The packet filter of the servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firewall: Option<Firewall>,
}

impl Network {
    /// The range of the servers' vrack addresses: as written, or the second to sixth sixteenth of the vrack.
    pub fn servers_range(&self) -> AddressRange {
        self.ranges.servers.unwrap_or_else(|| self.vrack.cidr.sixteenths(1, 6))
    }

    /// The range of the machines' addresses: as written, or the seventh to twelfth sixteenth of the vrack.
    pub fn machines_range(&self) -> AddressRange {
        self.ranges.machines.unwrap_or_else(|| self.vrack.cidr.sixteenths(6, 12))
    }

    /// The range that load balancers hand out: as written, or the last sixteenths of the vrack but one.
    pub fn load_balancers_range(&self) -> AddressRange {
        self.ranges.load_balancers.unwrap_or_else(|| self.vrack.cidr.sixteenths(12, 15))
    }

    /// The address that follows the gateway: as written, or the first host address of the vrack.
    pub fn gateway_address(&self) -> Option<Ipv4Addr> {
        let gateway = self.gateway.as_ref().filter(|gateway| gateway.enabled)?;
        Some(gateway.vip.unwrap_or_else(|| self.vrack.cidr.hosts().first()))
    }
}

/// The public network of the servers. The provider configured it; it is described here only where it cannot be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PublicNetwork {
    /// The public network, when all servers share one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr: Option<Cidr>,
    /// The interface with the default route. Left out, it is read from each server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<InterfaceName>,
    /// The provider's router. Left out, it is read from each server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Ipv4Addr>,
}

/// The private network between the servers, one layer-2 segment. With a VLAN, a bridge or packets of another size, regionctl
/// makes each server's place on it, on the card that the server names; otherwise it is taken as the provider set it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Vrack {
    /// The network of the vrack.
    pub cidr: Cidr,
    /// The VLAN (802.1Q) that carries it. Left out, packets are not tagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4094))]
    pub vlan: Option<u16>,
    /// The largest packet, in bytes. Above 1500, the provider's switches must carry such frames between all servers; the
    /// path is checked before anything relies on it.
    #[schemars(range(min = 576, max = 9216))]
    pub mtu: u16,
    /// The bridge to make on each server, so that machines join the vrack. Left out, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<InterfaceName>,
}

impl Vrack {
    /// Whether regionctl makes the vrack on a server, instead of taking it as the provider set it up: with a bridge, with
    /// packets of another size, or with a VLAN, which a host without a kernel of its own cannot have.
    pub fn is_made(&self, own_kernel: bool) -> bool {
        self.bridge.is_some() || self.mtu != 1500 || (self.vlan.is_some() && own_kernel)
    }
}

impl Default for Vrack {
    fn default() -> Self {
        Self { cidr: Cidr::new(Ipv4Addr::new(10, 90, 0, 0), 16), vlan: None, mtu: 1500, bridge: None }
    }
}

/// Which addresses are for what. Servers, machines and load balancers are parts of the vrack; VPN, pods and services are
/// networks of their own. No two overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ranges {
    /// The servers' addresses on the vrack. Left out: the 2nd to 6th sixteenth of the vrack (`.16` to `.95` of a /24).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<AddressRange>,
    /// The machines' addresses on the vrack. Left out: the 7th to 12th sixteenth of the vrack (`.96` to `.191` of a /24).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machines: Option<AddressRange>,
    /// The addresses that the cluster's load balancer hands out. Left out: the 13th to 15th sixteenth of the vrack
    /// (`.192` to `.239` of a /24).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancers: Option<AddressRange>,
    /// The network of the VPN's clients.
    pub vpn: Cidr,
    /// The network of the pods.
    pub pods: Cidr,
    /// The network of the Kubernetes services.
    pub services: Cidr,
}

impl Default for Ranges {
    fn default() -> Self {
        Self {
            servers: None,
            machines: None,
            load_balancers: None,
            vpn: Cidr::new(Ipv4Addr::new(10, 91, 0, 0), 24),
            pods: Cidr::new(Ipv4Addr::new(10, 244, 0, 0), 16),
            services: Cidr::new(Ipv4Addr::new(10, 96, 0, 0), 16),
        }
    }
}

/// The way out for what lives on the vrack only: address translation, and one address that moves between servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gateway {
    /// Whether to make one.
    pub enabled: bool,
    /// The address on the vrack that follows the gateway. Left out, the first host address of the vrack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vip: Option<Ipv4Addr>,
    /// The servers that can hold it, in order of preference. Left out, all compute servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Name>,
    /// Public addresses that are forwarded to the load balancers' range.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public_addresses: Vec<Ipv4Addr>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self { enabled: true, vip: None, servers: Vec::new(), public_addresses: Vec::new() }
    }
}

/// The region's own DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Dns {
    /// Whether to run it.
    pub enabled: bool,
    /// The resolvers that other names are asked of. Left out, those that each server has now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<IpAddr>,
}

impl Default for Dns {
    fn default() -> Self {
        Self { enabled: true, servers: Vec::new() }
    }
}

/// Where the servers take the time from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ntp {
    /// NTP servers, by address or DNS name. Left out, Debian's pool.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<crate::values::Host>,
}

/// The packet filter of the servers: one nftables table of our own, everything else dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Firewall {
    /// Whether to have one.
    pub enabled: bool,
    /// The networks that operators come from, which SSH is open to. Left out, SSH is open to all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Cidr>,
    /// Ports of programs that regionctl knows nothing of, and who reaches them. Everything else stays closed, on the vrack too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenPort>,
}

impl Default for Firewall {
    fn default() -> Self {
        Self { enabled: true, operators: Vec::new(), open: Vec::new() }
    }
}

/// A port of the servers that others reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenPort {
    /// The port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Its protocol.
    #[serde(default, skip_serializing_if = "Transport::is_default")]
    pub protocol: Transport,
    /// The networks that reach it.
    #[schemars(length(min = 1))]
    pub from: Vec<Cidr>,
    /// The servers that it is open on. Left out, all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Name>,
}

/// What a port belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
