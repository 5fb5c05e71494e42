//! Interfaces, routes and resolvers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{flag, maybe, number, push, text};

/// Interfaces, routes and resolvers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// All but the loopback, by name.
    pub nics: BTreeMap<String, Nic>,
    /// IPv4 default routes, as `ip route` prints them.
    pub default_v4: Vec<String>,
    /// IPv6 default routes, as `ip -6 route` prints them.
    pub default_v6: Vec<String>,
    /// Other IPv4 routes, as `ip route` prints them.
    pub routes: Vec<String>,
    /// The resolvers in /etc/resolv.conf.
    pub resolvers: Vec<String>,
    /// Whether names resolve: those of the package sources and time servers.
    pub dns: BTreeMap<String, bool>,
    /// `SSH_CONNECTION`: client, its port, server, its port. Empty if `sudo` dropped it.
    pub ssh_connection: String,
    /// Neighbours after the pings: `ADDRESS INTERFACE MAC`.
    pub neighbours: Vec<String>,
    /// True if another machine answers for this host's vrack address (`arping`, where there is one).
    pub duplicate: bool,
}

/// A network interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nic {
    /// Lower case with colons.
    pub mac: String,
    /// In bytes.
    pub mtu: u32,
    /// /sys/class/net/*/operstate: `up`, `down`, `unknown`, …
    pub state: String,
    /// Whether there is a carrier; `None` while the interface is off.
    pub carrier: Option<u8>,
    /// In Mbit/s; `None` if the driver does not say.
    pub speed: Option<i64>,
    /// True if a device stands behind it, not just the kernel.
    pub physical: bool,
    /// The bridge or bond that it is a port of, or nothing.
    pub master: String,
    /// Addresses with prefix length.
    pub addresses: Vec<String>,
}

impl Network {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "default-v4" => push(&mut self.default_v4, value),
            "default-v6" => push(&mut self.default_v6, value),
            "route" => push(&mut self.routes, value),
            "resolver" => push(&mut self.resolvers, value),
            "ssh-connection" => text(&mut self.ssh_connection, value),
            "neighbour" => push(&mut self.neighbours, value),
            "duplicate" => flag(&mut self.duplicate, value),
            _ => false,
        }
    }

    /// The MAC addresses seen for an address.
    pub fn macs_of(&self, address: IpAddr) -> Vec<&str> {
        let address = address.to_string();
        let words = self.neighbours.iter().map(|line| line.split(' ').collect::<Vec<_>>());
        words.filter(|words| words.first() == Some(&address.as_str())).filter_map(|words| words.get(2).copied()).collect()
    }
}

impl Nic {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "mac" => text(&mut self.mac, value),
            "mtu" => number(&mut self.mtu, value),
            "state" => text(&mut self.state, value),
            "carrier" => maybe(&mut self.carrier, value),
            "speed" => maybe(&mut self.speed, value),
            "physical" => flag(&mut self.physical, value),
            "master" => text(&mut self.master, value),
            "address" => push(&mut self.addresses, value),
            _ => false,
        }
    }

    /// The prefix length with which it has the address, if it has it.
    pub fn prefix_of(&self, address: IpAddr) -> Option<u8> {
        self.addresses.iter().find_map(|own| {
            let (own, prefix) = own.split_once('/').unwrap_or((own, "32"));
            (own.parse() == Ok(address)).then(|| prefix.parse().ok())?
        })
    }

    /// True if it is known not to carry anything.
    pub fn is_down(&self) -> bool {
        matches!(self.state.as_str(), "down" | "lowerlayerdown" | "notpresent") || self.carrier == Some(0)
    }
}
