//! A server's own place on the vrack.

use std::net::IpAddr;

use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

pub(super) fn nic_present(host: &Host<'_>) -> Vec<Said> {
    let wanted = host.vrack_nic_wanted().filter(|_| host.vrack_nic().is_none());
    let have: Vec<_> =
        host.probe.network.nics.iter().filter(|(_, nic)| nic.physical).map(|(name, nic)| format!("{name} {}", nic.mac)).collect();
    let hint = || {
        if have.is_empty() { "`ip -br link` on the server".to_owned() } else { format!("the host has {}", super::names(&have)) }
    };
    wanted.map(|wanted| Said::new(format!("there is no network card {wanted}")).hint(hint())).into_iter().collect()
}

/// Regionctl puts a VLAN, a bridge or larger packets on the card: whatever else it carries would suffer.
pub(super) fn card_free(host: &Host<'_>) -> Vec<Said> {
    let Some((card, nic)) = host.vrack_nic().filter(|_| host.makes_vrack()) else { return Vec::new() };
    let vrack = &host.region.spec.network.vrack;
    let bridge = vrack.bridge.as_ref().map(|name| name.as_str());
    let (tagged, address) = (host.makes_vlan(), host.vrack_address());
    let mut said = Vec::new();
    if carries_ssh(host).is_some() {
        said.push(
            Said::new(format!("`{card}` carries SSH: regionctl would make the vrack on it"))
                .hint("give the vrack a card of its own"),
        );
    }
    if !nic.master.is_empty() && (tagged || bridge != Some(nic.master.as_str())) {
        let hint = format!("take `{card}` out of it, or choose another card");
        said.push(Said::new(format!("`{card}` is a port of `{}`", nic.master)).hint(hint));
    }
    let foreign = nic.addresses.iter().find(|own| match own.split('/').next().and_then(|own| own.parse::<IpAddr>().ok()) {
        Some(own) if own == address => bridge.is_some() || tagged,
        Some(own) => own.is_ipv4() && bridge.is_some() && !tagged,
        None => false,
    });
    if let Some(foreign) = foreign {
        let hint = "take the address out of the host's network configuration: regionctl gives the server its place on the vrack";
        said.push(Said::new(format!("`{card}` has the address `{foreign}` itself")).hint(hint));
    }
    let port = |nic: &super::super::Nic| nic.physical && bridge == Some(nic.master.as_str());
    for (other, nic) in host.probe.network.nics.iter().filter(|(name, nic)| name.as_str() != card && port(nic)) {
        let message = format!("`{other}` is a port of `{}` too: two cards on one switch make a loop", nic.master);
        let hint = format!("take `{other}` out of the bridge, or give `spec.network.vrack.bridge` another name");
        said.push(Said::new(message).hint(hint));
    }
    said
}

/// A card that is off has no carrier to speak of: `None`.
pub(super) fn nic_link_up(host: &Host<'_>) -> Vec<Said> {
    // What regionctl makes, it also brings up.
    let off = |nic: &super::super::Nic| nic.carrier.is_none() && host.makes_vrack();
    let down = host
        .vrack_nic()
        .filter(|(_, nic)| !off(nic))
        .filter(|(_, nic)| nic.is_down() || (nic.carrier.is_none() && nic.state != "up"));
    let said = |(name, nic): (&str, &super::super::Nic)| {
        let message = match nic.carrier {
            Some(0) => format!("`{name}` has no carrier: is its cable in, its port on the vrack?"),
            _ => format!("`{name}` is {}", nic.state),
        };
        Said::new(message).hint(format!("`ip link set {name} up`"))
    };
    down.map(said).into_iter().collect()
}

/// Gluster docs, "Getting started": 1 Gbit/s is the least that makes sense.
pub(super) fn nic_speed(host: &Host<'_>) -> Vec<Said> {
    let slow = host.vrack_nic().and_then(|(name, nic)| Some((name, nic.speed.filter(|speed| (1..1000).contains(speed))?)));
    slow.map(|(name, speed)| Said::new(format!("`{name}` runs at {speed} Mbit/s"))).into_iter().collect()
}

/// A wrong step on the vrack then cuts SSH too.
pub(super) fn nic_carries_ssh(host: &Host<'_>) -> Vec<Said> {
    let name = carries_ssh(host).filter(|_| !host.makes_vrack());
    name.map(|name| Said::new(format!("SSH comes in on `{name}`, the vrack's network card"))).into_iter().collect()
}

/// The vrack's card, if SSH comes in there.
fn carries_ssh<'a>(host: &Host<'a>) -> Option<&'a str> {
    let told = host.probe.network.ssh_connection.split(' ').nth(2).and_then(|address| address.parse::<IpAddr>().ok());
    let address = told.or_else(|| host.server.address.address())?;
    let both = host.nic_with(address).zip(host.vrack_nic()).filter(|((ssh, _), (vrack, _))| ssh == vrack);
    both.map(|((name, _), _)| name)
}

/// Without its card there is another finding.
pub(super) fn address_present(host: &Host<'_>) -> Vec<Said> {
    let address = host.vrack_address();
    let card_missing = host.vrack_nic_wanted().is_some() && host.vrack_nic().is_none();
    when(!card_missing && !host.makes_vrack() && host.nic_with(address).is_none(), || {
        Said::new(format!("no interface has the vrack address `{address}`"))
            .hint("give the server the address, write the one that it has, or let regionctl make the vrack: `spec.network.vrack.bridge`")
    })
}

pub(super) fn prefix(host: &Host<'_>) -> Vec<Said> {
    let address = host.vrack_address();
    let wanted = host.region.spec.network.vrack.cidr.prefix();
    let other =
        host.nic_with(address).and_then(|(name, nic)| Some((name, nic.prefix_of(address)?))).filter(|(_, have)| *have != wanted);
    let said = |(name, have)| Said::new(format!("`{name}` has `{address}/{have}`; the vrack is a /{wanted}"));
    other.map(said).into_iter().collect()
}

/// Three signs: a server has another's address; `arping` got an answer; a neighbour's MAC address is not the owner's.
pub(super) fn collision(hosts: &Hosts<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    for host in &hosts.answered {
        let address = host.vrack_address();
        let thief = hosts.answered.iter().find(|other| other.name() != host.name() && other.nic_with(address).is_some());
        if let Some(thief) = thief {
            said.push(Said::new(format!("it has `{address}`, the vrack address of {}", host.name())).on(thief.name()));
            continue;
        }
        if host.probe.network.duplicate {
            said.push(Said::new(format!("another machine answers for its vrack address `{address}`")).on(host.name()));
            continue;
        }
        let own: Vec<&str> = host.probe.network.nics.values().map(|nic| nic.mac.as_str()).collect();
        let seen = hosts.answered.iter().filter(|other| other.name() != host.name()).find_map(|other| {
            let stranger = other.probe.network.macs_of(address).into_iter().find(|mac| !own.contains(mac))?;
            Some((other.name(), stranger))
        });
        if let Some((witness, mac)) = seen {
            let message = format!("{witness} sees `{mac}` answer for `{address}`, and it has no such network card");
            said.push(Said::new(message).on(host.name()));
        }
    }
    said
}

pub(super) fn mtu_local(host: &Host<'_>) -> Vec<Said> {
    let wanted = u32::from(host.region.spec.network.vrack.mtu);
    let mut nics: Vec<_> = host.vrack_nic().into_iter().chain(host.nic_with(host.vrack_address())).collect();
    nics.dedup_by_key(|(name, _)| *name);
    let small = nics.into_iter().find(|(_, nic)| nic.mtu < wanted && !host.makes_vrack());
    let said = |(name, nic): (&str, &super::super::Nic)| {
        Said::new(format!("`{name}` has an MTU of {}; the vrack's is {wanted}", nic.mtu))
            .hint(format!("`ip link set {name} mtu {wanted}`"))
    };
    small.map(said).into_iter().collect()
}
