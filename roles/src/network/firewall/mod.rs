//! The packet filter: one nftables table of our own, with everything dropped that nobody needs.
//!
//! Other tables (of kube-proxy, of the CNI) are never touched, and what is forwarded is theirs to judge, but for one thing: a
//! server that forwards is no way into the private networks for its neighbours outside.

mod listeners;

use std::fmt::Write as _;

use regionctl_engine::want;
use regionctl_inventory::{Cidr, Firewall};

use super::table::Table;
use super::{interfaces, private};
use crate::template::fill;
use crate::{Host, Wanted};

use listeners::From;
pub use listeners::{LISTENERS, Listener, Ports, reference};

/// The table, loaded at boot, and looked at.
pub fn wants(host: &Host<'_>) -> Wanted {
    let Some(firewall) = host.region.spec.network.firewall.as_ref().filter(|firewall| firewall.enabled) else {
        return Wanted::new();
    };
    let rules = rules(host, firewall);
    let table = Table { what: "the packet filter", name: "firewall", table: "inet regionctl", rules };
    let [file, rest @ ..] = table.resources();
    // As the lint `operator-dropped` reads it.
    let from: Vec<_> = listeners::ssh_from(host).iter().map(Cidr::to_string).collect();
    let file = file.param("ssh_from", from);
    Wanted::new().then_all(interfaces::known(host)).then(want::directory("/etc/regionctl")).then(file).then_all(rest)
}

fn rules(host: &Host<'_>, firewall: &Firewall) -> String {
    let network = &host.region.spec.network;
    let private = private(network);
    let outside: Vec<_> = interfaces::outside(host).into_iter().map(|name| format!("\"{name}\"")).collect();
    let outside = outside.join(", ");
    let (mut forged, mut forward) = (String::new(), String::new());
    if !outside.is_empty() {
        forged = format!(
            "    # What is private does not come from outside.\n    iifname {{ {outside} }} ip saddr {{ {private} }} drop\n"
        );
        forward = fill(include_str!("templates/forward.nft"), &[("outside", &outside), ("private", &private)]);
    }
    let (named, everybody) = opened(host, firewall);
    let operators = listeners::vpn_operators(host);
    let guests = set(&[network.ranges.vpn, network.ranges.pods, network.ranges.services]);
    let except = if operators.is_empty() { String::new() } else { format!(" ip saddr != {}", set(&operators)) };
    let values = [
        ("forged", forged.as_str()),
        ("named", &named),
        ("guests", &format!("ip saddr {guests}{except}")),
        ("everybody", &everybody),
        ("forward", &forward),
    ];
    fill(include_str!("templates/firewall.nft"), &values)
}

/// The rules for what is open to some, and to everybody.
fn opened(host: &Host<'_>, firewall: &Firewall) -> (String, String) {
    let (mut named, mut everybody) = (String::new(), String::new());
    for listener in LISTENERS {
        let Some(open) = (listener.open)(host, listener.ports) else { continue };
        let (name, what) = (listener.name, open.what);
        let _ = match open.to {
            From::Everybody => writeln!(everybody, "    # {name}\n    {what} accept"),
            From::Only(from) => writeln!(named, "    # {name}\n    ip saddr {} {what} accept", set(&from)),
        };
    }
    let here = |servers: &[_]| servers.is_empty() || servers.contains(&host.server.name);
    for open in firewall.open.iter().filter(|open| here(&open.servers)) {
        let (from, protocol, port) = (set(&open.from), open.protocol, open.port);
        let _ = writeln!(named, "    # As the inventory says.\n    ip saddr {from} {protocol} dport {port} accept");
    }
    (named, everybody)
}

/// As nftables has it, which refuses networks that lie in one another.
fn set(networks: &[Cidr]) -> String {
    let covers = |one: &Cidr, other: &Cidr| one.prefix() < other.prefix() && one.contains(other.network());
    let mut all: Vec<_> = networks.iter().filter(|own| !networks.iter().any(|other| covers(other, own))).collect();
    all.sort();
    all.dedup();
    let text = |network: &Cidr| network.to_string().trim_end_matches("/32").to_owned();
    format!("{{ {} }}", all.into_iter().map(text).collect::<Vec<_>>().join(", "))
}
