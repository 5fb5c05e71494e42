//! Names, addresses and network cards of hosts: each is one host's only.

use super::{Report, Seen};
use crate::{parse::at, types::Region};

/// Names that the region's DNS zone or `/etc/hosts` has for something else.
const RESERVED: [&str; 9] = ["api", "apps", "console", "gateway", "localhost", "ns", "region", "registry", "vpn"];

/// Whether no host may have the name.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    names(region, report);
    ways_in(region, report);
    cards(region, report);
    unnamed_cards(region, report);
    roles(region, report);
}

fn names(region: &Region, report: &mut Report<'_>) {
    let mut seen = Seen::new();
    let servers = region.servers().iter().enumerate().map(|(i, s)| (&s.name, at!["spec", "servers", i, "name"]));
    let machines = region.spec.machines.iter().enumerate().map(|(i, m)| (&m.name, at!["spec", "machines", i, "name"]));
    for (name, path) in servers.chain(machines) {
        if let Some(first) = seen.note(name, &path, report) {
            let line = report.line(&first);
            report.error(&path, format!("two hosts are named `{name}`"), format!("the other is on line {line}"));
        }
        if is_reserved(name.as_str()) {
            let hint = format!("these names have another meaning in the region: {}", RESERVED.join(", "));
            report.error(&path, format!("`{name}` is a reserved name"), hint);
        }
    }
    let mut seen = Seen::new();
    for (i, user) in region.spec.vpn.iter().flat_map(|vpn| &vpn.users).enumerate() {
        let path = at!["spec", "vpn", "users", i, "name"];
        if let Some(first) = seen.note(&user.name, &path, report) {
            let line = report.line(&first);
            report.error(&path, format!("two users are named `{}`", user.name), format!("the other is on line {line}"));
        }
    }
}

/// Two servers can be behind one address only on two ports.
fn ways_in(region: &Region, report: &mut Report<'_>) {
    let mut seen = Seen::new();
    for (i, server) in region.servers().iter().enumerate() {
        let path = at!["spec", "servers", i, "address"];
        let way_in = (&server.address, server.ssh_port(&region.spec.ssh));
        if let Some(first) = seen.note(way_in, &path, report) {
            let line = report.line(&first);
            let message = format!("two servers have the address `{}` and the same SSH port", server.address);
            report.error(&path, message, format!("the other is on line {line}"));
        }
    }
}

/// Once a VLAN or a bridge has the server's address, the address no longer tells the card.
fn unnamed_cards(region: &Region, report: &mut Report<'_>) {
    let vrack = &region.spec.network.vrack;
    if vrack.vlan.is_none() && vrack.bridge.is_none() {
        return;
    }
    for (i, server) in region.servers().iter().enumerate() {
        if server.vrack.interface.is_none() && server.vrack.mac.is_none() {
            let message = format!("the vrack card of `{}` is not named, and the vrack has a VLAN or a bridge", server.name);
            report.error(
                &at!["spec", "servers", i, "vrack"],
                message,
                "`mac: …` or `interface: …` of the card on which it is made",
            );
        }
    }
}

fn cards(region: &Region, report: &mut Report<'_>) {
    let mut seen = Seen::new();
    for (i, server) in region.servers().iter().enumerate() {
        let path = at!["spec", "servers", i, "vrack", "mac"];
        let Some(mac) = server.vrack.mac else { continue };
        if let Some(first) = seen.note(mac, &path, report) {
            let line = report.line(&first);
            report.error(&path, format!("two servers have the MAC address `{mac}`"), format!("the other is on line {line}"));
        }
        if server.vrack.interface.is_some() {
            let message = "the vrack card is named both by `interface` and by `mac`";
            report.error(&path, message, "keep the `mac`: it stays the same when cards are added");
        }
    }
}

fn roles(region: &Region, report: &mut Report<'_>) {
    for (i, server) in region.servers().iter().enumerate() {
        let mut seen = Seen::new();
        for (r, role) in server.roles.iter().enumerate() {
            let path = at!["spec", "servers", i, "roles", r];
            if seen.note(role, &path, report).is_some() {
                report.error(&path, format!("the role `{role}` is here twice"), "remove one");
            }
        }
    }
}
