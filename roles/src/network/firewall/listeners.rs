//! What listens on the servers, who may reach it, and why: being on the private network is no reason.
//!
//! The packet filter is made from this table, and so is the one in the docs. A role whose program listens adds a line.

use regionctl_inventory::{Cidr, Server};

use crate::network::gateway;
use crate::vpn::places;
use crate::{Host, disks, gluster};

/// A program that listens on servers.
pub struct Listener {
    /// What it is.
    pub name: &'static str,
    /// Where it listens, unless the inventory says another port.
    pub ports: Ports,
    /// What else is to be said of that, after the ports.
    pub note: &'static str,
    /// Who may reach it, in words.
    pub who: &'static str,
    /// Why they need to.
    pub why: &'static str,
    /// Who may reach these ports of one server; nothing where it does not listen.
    pub(super) open: fn(&Host<'_>, Ports) -> Option<Open>,
}

/// The ports of a listener, first and last; if it listens with both protocols, at the same.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Of TCP.
    pub tcp: &'static [(u16, u16)],
    /// Of UDP.
    pub udp: &'static [(u16, u16)],
}

impl Ports {
    /// A packet to them, as nftables has it.
    fn packet(self) -> String {
        let list = |ranges: &[(u16, u16)]| {
            let all: Vec<_> = ranges.iter().map(|range| between(*range, "-")).collect();
            if let [one] = &all[..] { one.clone() } else { format!("{{ {} }}", all.join(", ")) }
        };
        match (self.tcp, self.udp) {
            (tcp, []) => format!("tcp dport {}", list(tcp)),
            ([], udp) => format!("udp dport {}", list(udp)),
            // By number: not every server has /etc/protocols.
            (both, _) => format!("meta l4proto {{ 6, 17 }} th dport {}", list(both)),
        }
    }

    /// `TCP 24007 and 49152 to 60999`.
    fn words(self) -> String {
        let list = |ranges: &[(u16, u16)]| ranges.iter().map(|range| between(*range, " to ")).collect::<Vec<_>>().join(" and ");
        match (self.tcp, self.udp) {
            ([], []) => String::new(),
            (tcp, []) => format!("TCP {}", list(tcp)),
            ([], udp) => format!("UDP {}", list(udp)),
            (both, _) => format!("UDP and TCP {}", list(both)),
        }
    }
}

fn between((first, last): (u16, u16), word: &str) -> String {
    if first == last { first.to_string() } else { format!("{first}{word}{last}") }
}

/// What is open on a server.
pub(super) struct Open {
    pub to: From,
    /// What the packet is, as nftables has it.
    pub what: String,
}

/// Who a packet is from.
pub(super) enum From {
    /// Whoever is outside, and on the vrack; of the VPN's users the operators only, and no pod.
    Everybody,
    /// These networks and addresses.
    Only(Vec<Cidr>),
}

/// Every program of ours that listens.
pub const LISTENERS: &[Listener] = &[
    Listener {
        name: "sshd",
        ports: Ports { tcp: &[(22, 22)], udp: &[] },
        note: ", or as the inventory says",
        who: "`network.firewall.operators`, or everybody outside and on the vrack if there are none; the other servers; operators of the VPN",
        why: "regionctl and operators work through it",
        open: sshd,
    },
    Listener {
        name: "OpenVPN",
        ports: Ports { tcp: &[], udp: &[(1194, 1194)] },
        note: ", or as the inventory says, on the servers of the VPN",
        who: "everybody; without a profile it does not answer",
        why: "users come from anywhere",
        open: openvpn,
    },
    Listener {
        name: "unbound",
        ports: Ports { tcp: &[(53, 53)], udp: &[(53, 53)] },
        note: "",
        who: "the vrack, users of the VPN, pods",
        why: "the names of the region and of others",
        open: unbound,
    },
    Listener {
        name: "chronyd",
        ports: Ports { tcp: &[], udp: &[(123, 123)] },
        note: "",
        who: "the other servers",
        why: "all agree on the time",
        open: chronyd,
    },
    Listener {
        name: "keepalived",
        ports: Ports { tcp: &[], udp: &[] },
        note: "IP protocol 112 (VRRP), with the TTL of a neighbour",
        who: "the other gateway servers",
        why: "one of them holds the gateway's address",
        open: keepalived,
    },
    Listener {
        name: "Tang",
        ports: Ports { tcp: &[(disks::TANG_PORT, disks::TANG_PORT)], udp: &[] },
        note: ", where another server has encrypted disks",
        who: "the servers with encrypted disks",
        why: "it opens them at boot",
        open: tang,
    },
    Listener {
        name: "glusterd and bricks",
        ports: Ports { tcp: &[(24007, 24007), (49152, 60999)], udp: &[] },
        note: ", on servers with bricks",
        who: "the servers with bricks, and those that mount a volume",
        why: "management, copies, reading and writing",
        open: gluster,
    },
];

/// From these servers, but for this one; nothing for one that nobody needs to reach.
fn only<'a>(host: &Host<'_>, servers: impl IntoIterator<Item = &'a Server>, what: impl Into<String>) -> Option<Open> {
    let others = servers.into_iter().filter(|server| server.name != host.server.name);
    let from: Vec<_> = others.filter_map(|server| server.vrack.address).map(|address| Cidr::new(address, 32)).collect();
    (!from.is_empty()).then(|| Open { to: From::Only(from), what: what.into() })
}

/// Where SSH is let in from; nothing: from everywhere.
pub(super) fn ssh_from(host: &Host<'_>) -> Vec<Cidr> {
    let mut from: Vec<_> = host.region.spec.network.firewall.iter().flat_map(|firewall| &firewall.operators).copied().collect();
    if !from.is_empty() {
        let others = host.others().filter_map(|server| server.vrack.address).map(|address| Cidr::new(address, 32));
        from.extend(others.chain(vpn_operators(host)));
    }
    from
}

/// Where the operators among the VPN's users come from.
pub(super) fn vpn_operators(host: &Host<'_>) -> Vec<Cidr> {
    host.region.vpn_parts().into_iter().map(|(_, part)| places::operators(part)).collect()
}

fn sshd(host: &Host<'_>, _: Ports) -> Option<Open> {
    let from = ssh_from(host);
    let to = if from.is_empty() { From::Everybody } else { From::Only(from) };
    Some(Open { to, what: format!("tcp dport {}", host.server.ssh_port(&host.region.spec.ssh)) })
}

fn openvpn(host: &Host<'_>, _: Ports) -> Option<Open> {
    let vpn = host.region.spec.vpn.as_ref()?;
    let serves = host.region.vpn_servers().iter().any(|server| server.name == host.server.name);
    serves.then(|| Open { to: From::Everybody, what: format!("{} dport {}", vpn.protocol, vpn.port) })
}

fn unbound(host: &Host<'_>, ports: Ports) -> Option<Open> {
    let network = &host.region.spec.network;
    network.dns.as_ref().filter(|dns| dns.enabled)?;
    let ranges = &network.ranges;
    let from = [network.vrack.cidr, ranges.vpn, ranges.pods, ranges.services];
    Some(Open { to: From::Only(from.into()), what: ports.packet() })
}

fn chronyd(host: &Host<'_>, ports: Ports) -> Option<Open> {
    only(host, host.others(), ports.packet())
}

fn keepalived(host: &Host<'_>, _: Ports) -> Option<Open> {
    let gateway = host.region.spec.network.gateway.as_ref().filter(|gateway| gateway.enabled)?;
    let servers = gateway::servers(host.region, gateway);
    servers.iter().find(|server| server.name == host.server.name)?;
    only(host, servers, "ip ttl 255 meta l4proto 112")
}

fn tang(host: &Host<'_>, ports: Ports) -> Option<Open> {
    let encrypted = host.others().filter(|server| host.region.encrypted_disks(server).next().is_some());
    only(host, encrypted, ports.packet())
}

fn gluster(host: &Host<'_>, ports: Ports) -> Option<Open> {
    if gluster::pool(host.region).iter().all(|server| server.name != host.server.name) {
        return None;
    }
    only(host, gluster::users(host.region), ports.packet())
}

/// The table, as the docs have it.
pub fn reference() -> String {
    let mut text = "| program | port | who reaches it | why |\n|---|---|---|---|\n".to_owned();
    for Listener { name, ports, note, who, why, .. } in LISTENERS {
        text += &format!("| {name} | {}{note} | {who} | {why} |\n", ports.words());
    }
    text
}
