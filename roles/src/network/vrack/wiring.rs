//! From the network card to the address.

use std::fmt::Write as _;

use crate::Host;

/// The name of the VLAN's interface does not hold the card's: the two together may be longer than the kernel allows.
fn vlan_interface(id: u16) -> String {
    format!("vlan{id}")
}

/// What lies on what: the card, a VLAN on it, a bridge on that; the uppermost has the address.
pub struct Wiring<'a> {
    /// The card's name; if it was not found, what the inventory says of it.
    pub card: &'a str,
    /// The VLAN's interface and number.
    pub vlan: Option<(String, u16)>,
    /// The bridge.
    pub bridge: Option<&'a str>,
    /// The largest packet, in bytes.
    pub mtu: u16,
    /// The server's address, with the prefix length.
    pub address: String,
}

impl<'a> Wiring<'a> {
    /// The wiring of a server, if regionctl makes it.
    pub fn of(host: &Host<'a>) -> Option<Self> {
        let vrack = &host.region.spec.network.vrack;
        let own_kernel = !host.shares_kernel();
        if !vrack.is_made(own_kernel) {
            return None;
        }
        let vlan = vrack.vlan.filter(|_| own_kernel).map(|id| (vlan_interface(id), id));
        let bridge = vrack.bridge.as_ref().map(|name| name.as_str());
        let made = [vlan.as_ref().map(|(name, _)| name.as_str()), bridge];
        Some(Self {
            card: card(host, made),
            vlan,
            bridge,
            mtu: vrack.mtu,
            address: format!("{}/{}", host.server.vrack_address(), vrack.cidr.prefix()),
        })
    }

    /// The interface with the address.
    pub fn top(&self) -> &str {
        self.bridge.or_else(|| self.vlan.as_ref().map(|(name, _)| name.as_str())).unwrap_or(self.card)
    }

    /// The interfaces that are made, the lowest first.
    pub fn made(&self) -> impl Iterator<Item = &str> {
        self.vlan.iter().map(|(name, _)| name.as_str()).chain(self.bridge)
    }

    /// What the bridge has as its port, if there is a bridge.
    pub fn port(&self) -> Option<&str> {
        self.bridge.map(|_| self.vlan.as_ref().map_or(self.card, |(name, _)| name.as_str()))
    }

    /// Shell that succeeds if the kernel has all of it.
    pub fn check(&self) -> String {
        let (card, mtu, top, address) = (self.card, self.mtu, self.top(), &self.address);
        let mut check = format!("ip -4 -o address show dev {top} | grep -qF ' {address} '");
        for interface in std::iter::once(card).chain(self.made()) {
            let _ = write!(check, " && [ \"$(cat /sys/class/net/{interface}/mtu)\" -eq {mtu} ]");
        }
        if let Some((name, id)) = &self.vlan {
            let _ = write!(check, " && ip -d -o link show dev {name} | grep -q '@{card}: .* vlan protocol 802.1Q id {id} '");
        }
        if let (Some(bridge), Some(port)) = (self.bridge, self.port()) {
            let _ = write!(check, " && [ -e /sys/class/net/{bridge}/brif/{port} ]");
        }
        check
    }
}

/// By name, by MAC address, or by the vrack's address. A VLAN and a bridge have the MAC address of the card below them.
fn card<'a>(host: &Host<'a>, made: [Option<&str>; 2]) -> &'a str {
    let vrack = &host.server.vrack;
    if let Some(name) = &vrack.interface {
        return name.as_str();
    }
    let nics = || host.facts.nics.iter().filter(|nic| !made.contains(&Some(nic.name.as_str())));
    let found = match vrack.mac.as_ref().map(ToString::to_string) {
        Some(mac) => nics().find(|nic| nic.mac == mac),
        None => nics().find(|nic| nic.addresses.iter().any(|a| a.starts_with(&format!("{}/", host.server.vrack_address())))),
    };
    found.map_or("not-found", |nic| nic.name.as_str())
}
