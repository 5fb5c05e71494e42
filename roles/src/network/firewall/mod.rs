//! The packet filter: one nftables table of our own, with everything dropped that nobody needs.
//!
//! Other tables (of kube-proxy, of the CNI) are never touched, and what is forwarded is theirs to judge, but for one thing: a
//! server that forwards is no way into the private networks for its neighbours outside.

use regionctl_engine::want;
use regionctl_inventory::Cidr;

use super::table::Table;
use super::{interfaces, private};
use crate::template::fill;
use crate::{Host, Wanted};

/// The table, loaded at boot, and looked at.
pub fn wants(host: &Host<'_>) -> Wanted {
    let Some(firewall) = host.region.spec.network.firewall.as_ref().filter(|firewall| firewall.enabled) else {
        return Wanted::new();
    };
    let rules = rules(host, &firewall.operators);
    let table = Table { what: "the packet filter", name: "firewall", table: "inet regionctl", rules };
    let [file, rest @ ..] = table.resources();
    let file = file.param("ssh_from", from(host, &firewall.operators));
    Wanted::new().then(want::directory("/etc/regionctl")).then(file).then_all(rest)
}

fn rules(host: &Host<'_>, operators: &[Cidr]) -> String {
    let spec = &host.region.spec;
    let private = private(&spec.network);
    let port = host.server.ssh_port(&spec.ssh).to_string();
    let operators: Vec<_> = operators.iter().map(Cidr::to_string).collect();
    let from = if operators.is_empty() { String::new() } else { format!("ip saddr {{ {} }} ", operators.join(", ")) };
    let outside = interfaces::public(host).map(|name| {
        let forged =
            format!("    # What is private does not come from outside.\n    iifname \"{name}\" ip saddr {{ {private} }} drop\n");
        let forward = fill(include_str!("templates/forward.nft"), &[("public", name), ("private", &private)]);
        (forged, forward)
    });
    let (forged, forward) = outside.unwrap_or_default();
    let values = [
        ("private", private.as_str()),
        ("forged", &forged),
        ("ssh", &format!("{from}tcp dport {port} accept")),
        ("vpn", &vpn(host)),
        ("forward", &forward),
    ];
    fill(include_str!("templates/firewall.nft"), &values)
}

/// Where SSH is let in from, as the lint `operator-dropped` reads it; empty: from everywhere.
fn from(host: &Host<'_>, operators: &[Cidr]) -> Vec<String> {
    if operators.is_empty() {
        return Vec::new();
    }
    let network = &host.region.spec.network;
    operators.iter().chain([&network.vrack.cidr, &network.ranges.vpn]).map(Cidr::to_string).collect()
}

fn vpn(host: &Host<'_>) -> String {
    let serves = host.region.vpn_servers().iter().any(|server| server.name == host.server.name);
    let Some(vpn) = host.region.spec.vpn.as_ref().filter(|_| serves) else { return String::new() };
    let protocol = crate::vpn::protocol(vpn.protocol);
    format!("    {protocol} dport {} accept\n", vpn.port)
}
