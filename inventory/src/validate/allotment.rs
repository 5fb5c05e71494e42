//! The hosts' addresses on the vrack: those written are checked, those left out are allotted.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use super::{Report, network};
use crate::{
    addresses,
    parse::{Path, at},
    types::Region,
    values::AddressRange,
};

/// A host with its address, written or allotted.
struct Host {
    name: String,
    address: Ipv4Addr,
    written: bool,
    range: AddressRange,
    path: Path,
}

pub(super) fn allot_all(region: &mut Region, report: &mut Report<'_>) {
    let cidr = region.spec.network.vrack.cidr;
    let known = report.is_sound(&at!["spec", "network", "vrack", "cidr"]);
    let usable = |range: AddressRange| range.overlap(cidr.hosts()).unwrap_or(range);
    let servers = usable(region.spec.network.servers_range());
    let machines = usable(region.spec.network.machines_range());

    let mut hosts = Vec::new();
    for (s, server) in region.spec.servers.iter_mut().enumerate() {
        let written = server.vrack.address.is_some();
        let address = *server.vrack.address.get_or_insert_with(|| addresses::allot(server.name.as_str(), servers));
        let path = at!["spec", "servers", s, "vrack", "address"];
        hosts.push(Host { name: server.name.to_string(), address, written, range: servers, path });
    }
    for (m, machine) in region.spec.machines.iter_mut().enumerate() {
        let written = machine.address.is_some();
        let address = *machine.address.get_or_insert_with(|| addresses::allot(machine.name.as_str(), machines));
        let path = at!["spec", "machines", m, "address"];
        hosts.push(Host { name: machine.name.to_string(), address, written, range: machines, path });
    }
    // A vrack that is wrong itself says nothing about the addresses on it.
    if !known || cidr.prefix() > 28 {
        return;
    }
    outside(&hosts, report);
    collisions(&hosts, region, report);
}

fn outside(hosts: &[Host], report: &mut Report<'_>) {
    let kind = |host: &Host| if host.path.to_string().starts_with("spec.servers") { "servers" } else { "machines" };
    for host in hosts.iter().filter(|host| host.written && !host.range.contains(host.address)) {
        let key = kind(host);
        if !report.is_sound(&at!["spec", "network", "ranges", key]) {
            continue;
        }
        let message = format!("the address `{}` of `{}` is outside the {key} range `{}`", host.address, host.name, host.range);
        let hint = format!("choose one inside, or widen `spec.network.ranges.{key}`");
        report.error(&host.path, message, hint);
    }
}

/// No two hosts have one address. Of two that meet, the one whose address is allotted is asked to write down another.
fn collisions(hosts: &[Host], region: &Region, report: &mut Report<'_>) {
    let mut taken: BTreeMap<Ipv4Addr, usize> = BTreeMap::new();
    let moving = network::moving(region);
    let used = hosts.iter().map(|host| host.address).chain(moving.iter().map(|(_, address, _)| *address));
    let used: BTreeSet<Ipv4Addr> = used.collect();
    let suggestion = |host: &Host| {
        let free = addresses::free(&host.name, host.range, |address| used.contains(&address));
        free.map_or("the range is full".to_owned(), |free| format!("`{free}` is free"))
    };
    for (position, host) in hosts.iter().enumerate() {
        // A stand-in for a name has no place of its own.
        if !report.is_sound(&host.path) || !report.is_sound(&name_of(host)) {
            continue;
        }
        if let Some((what, ..)) = moving.iter().find(|(_, address, _)| *address == host.address) {
            let message = format!("`{}` of `{}` is the {what} address", host.address, host.name);
            report.error(&host.path, message, format!("write another `address`: {}", suggestion(host)));
        }
        // Two hosts of one name are reported for the name.
        let Some(other) = taken.insert(host.address, position).and_then(|other| hosts.get(other)) else { continue };
        if other.name == host.name {
            continue;
        }
        let (at, with) = if host.written && !other.written { (other, host) } else { (host, other) };
        let line = report.line(&name_of(with));
        let name = format!("`{}` (line {line})", with.name);
        if at.written {
            let message = format!("`{}` and {name} have the same address `{}`", at.name, at.address);
            report.error(&at.path, message, suggestion(host));
        } else {
            let message = format!("the address `{}` that `{}` would be allotted is also that of {name}", at.address, at.name);
            let hint = format!("write an `address` at whichever is the newer of the two: {}", suggestion(host));
            report.error(&at.path, message, hint);
        }
    }
}

fn name_of(host: &Host) -> Path {
    let mut path = Path(host.path.0.iter().take(3).cloned().collect());
    path = path.then("name");
    path
}
