//! The vrack from each server to each other.
//!
//! Only pairs whose two ends have their address and a link are judged: the rest follows from findings of [`super::vrack`].

use super::super::Pair;
use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

pub(super) fn ping_present(host: &Host<'_>) -> Vec<Said> {
    when(!host.probe.system.ping, || {
        Said::new("there is no `ping`: the vrack is not tested from here").hint("`apt-get install iputils-ping`")
    })
}

/// The way from `host` to every other server that can be expected to answer.
fn ways<'a>(hosts: &'a Hosts<'a>, host: &'a Host<'a>) -> Vec<(&'a Host<'a>, &'a Pair)> {
    if !host.on_vrack() {
        return Vec::new();
    }
    let others = hosts.answered.iter().filter(|other| other.name() != host.name() && other.on_vrack());
    others.filter_map(|other| Some((other, host.probe.pairs.get(other.name())?))).collect()
}

/// One thing to say for each host, about all others for which `what` gives a text.
fn each(hosts: &Hosts<'_>, what: impl Fn(&Host<'_>, &Host<'_>, &Pair) -> Option<String>, verb: &str) -> Vec<Said> {
    let mut said = Vec::new();
    for host in &hosts.answered {
        let bad: Vec<_> = ways(hosts, host).into_iter().filter_map(|(other, pair)| what(host, other, pair)).collect();
        if !bad.is_empty() {
            said.push(Said::new(format!("{verb} {}", bad.join(", "))).on(host.name()));
        }
    }
    said
}

pub(super) fn reachable(hosts: &Hosts<'_>) -> Vec<Said> {
    let unreachable = |_: &Host<'_>, other: &Host<'_>, pair: &Pair| {
        let why = if pair.small.error.is_empty() { String::new() } else { format!(" (`{}`)", pair.small.error) };
        (pair.small.received == 0).then(|| format!("{}{why}", other.name()))
    };
    let hint = "both ends have an address and a link: look at the switch, the VLAN and the packet filters";
    each(hosts, unreachable, "does not reach over the vrack:").into_iter().map(|said| said.hint(hint)).collect()
}

/// A healthy switch loses nothing; TCP's throughput falls with the square root of the loss.
pub(super) fn loss(hosts: &Hosts<'_>) -> Vec<Said> {
    let lost = |_: &Host<'_>, other: &Host<'_>, pair: &Pair| {
        let (sent, received) = (pair.small.sent, pair.small.received);
        (received > 0 && received < sent).then(|| format!("{} of {sent} to {}", sent - received, other.name()))
    };
    each(hosts, lost, "lost packets:")
}

/// Red Hat Gluster Storage's limit for synchronous copies: 5 ms. etcd's heartbeat expects far less than 100 ms.
pub(super) fn latency(hosts: &Hosts<'_>) -> Vec<Said> {
    let slow = |_: &Host<'_>, other: &Host<'_>, pair: &Pair| {
        let average = pair.small.average_ms.filter(|average| *average > 5.0)?;
        Some(format!("{average:.1} ms to {}", other.name()))
    };
    each(hosts, slow, "round trips take")
}

/// Where small packets pass and large ones do not, something between caps the MTU; Gluster and etcd then hang, not fail.
pub(super) fn mtu_path(hosts: &Hosts<'_>) -> Vec<Said> {
    let wanted = hosts.region.spec.network.vrack.mtu;
    let cut = |host: &Host<'_>, other: &Host<'_>, pair: &Pair| {
        let judged = host.mtu_fits() && other.mtu_fits() && pair.small.received > 0 && pair.full.sent > 0;
        let least = pair.full.mtu.map_or_else(String::new, |mtu| format!(" (at most {mtu} bytes)"));
        (judged && pair.full.received == 0).then(|| format!("{}{least}", other.name()))
    };
    let hint = "lower `spec.network.vrack.mtu`, or let the switches carry larger frames";
    each(hosts, cut, &format!("packets of {wanted} bytes do not reach")).into_iter().map(|said| said.hint(hint)).collect()
}
