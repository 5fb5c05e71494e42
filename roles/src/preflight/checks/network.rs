//! The public side of the network.

use std::net::IpAddr;

use regionctl_inventory::{AddressRange, Cidr, Server};

use super::super::check::{Said, when};
use super::super::host::Host;

pub(super) fn default_route(host: &Host<'_>) -> Vec<Said> {
    let network = &host.probe.network;
    when(network.default_v4.is_empty() && network.default_v6.is_empty(), || {
        Said::new("there is no default route: nothing can be downloaded")
    })
}

pub(super) fn dns_servers_present(host: &Host<'_>) -> Vec<Said> {
    when(host.probe.network.resolvers.is_empty(), || Said::new("`/etc/resolv.conf` names no resolver"))
}

/// Behind a proxy, the proxy resolves. Without a resolver there is another finding.
pub(super) fn dns_resolves(host: &Host<'_>) -> Vec<Said> {
    let network = &host.probe.network;
    if host.probe.apt.proxy || network.resolvers.is_empty() {
        return Vec::new();
    }
    let bad: Vec<_> = network.dns.iter().filter(|(_, resolves)| !**resolves).map(|(name, _)| name).collect();
    when(!bad.is_empty(), || Said::new(format!("does not resolve: {}", super::names(&bad))))
}

/// Programs that prefer IPv6 then wait for every connection.
pub(super) fn ipv6_usable(host: &Host<'_>) -> Vec<Said> {
    let network = &host.probe.network;
    let addresses = network.nics.values().flat_map(|nic| &nic.addresses);
    let public = |text: &&String| {
        let address = text.split('/').next().and_then(|address| address.parse().ok());
        // 2000::/3 are the addresses of the internet.
        matches!(address, Some(IpAddr::V6(v6)) if v6.segments().first().is_some_and(|first| first & 0xe000 == 0x2000))
    };
    let first = addresses.into_iter().find(public).filter(|_| network.default_v6.is_empty());
    first.map(|address| Said::new(format!("the host has `{address}` but no IPv6 default route"))).into_iter().collect()
}

/// Interfaces of our own layers: their routes are meant to be there.
const OWN: [&str; 8] = ["cali", "cni", "tunl", "vxlan.calico", "kube-ipvs", "flannel", "tun", "region-vpn"];

/// Packets to a pod or a VPN client would go elsewhere; kubeadm's `--pod-network-cidr` must not overlap the host's networks.
pub(super) fn ranges_free(host: &Host<'_>) -> Vec<Said> {
    let spec = &host.region.spec;
    let ranges = &spec.network.ranges;
    let mut wanted: Vec<(&str, Cidr)> = Vec::new();
    if spec.kubernetes.is_some() {
        wanted.extend([("pods", ranges.pods), ("services", ranges.services)]);
    }
    if spec.vpn.is_some() {
        wanted.push(("VPN clients", ranges.vpn));
    }
    let parts = host.region.vpn_parts();
    let mut said = Vec::new();
    for route in &host.probe.network.routes {
        let words: Vec<_> = route.split(' ').collect();
        let after = |word: &str| words.iter().skip_while(|one| **one != word).nth(1).copied().unwrap_or_default();
        let Some((text, target)) = words.first().and_then(|text| Some((*text, range(text)?))) else { continue };
        let back = |server: &Server, part: Cidr| text == part.to_string() && after("via") == server.vrack_address().to_string();
        if OWN.iter().any(|own| after("dev").starts_with(own)) || parts.iter().any(|(server, part)| back(server, *part)) {
            continue;
        }
        for (what, network) in &wanted {
            if network.range().overlap(target).is_some() {
                said.push(Said::new(format!("the route `{}` overlaps the range of {what}, `{network}`", route.trim())));
            }
        }
    }
    said
}

fn range(target: &str) -> Option<AddressRange> {
    match target.parse::<Cidr>() {
        Ok(network) => Some(network.range()),
        Err(_) => target.parse().ok().map(|address| AddressRange::ordered(address, address)),
    }
}

/// Rules elsewhere may drop what our table lets through: in nftables every table has its say. Tables of kube-proxy and of
/// the network plugin drop only what nobody should send.
pub(super) fn firewall_foreign(host: &Host<'_>) -> Vec<Said> {
    let foreign = &host.probe.foreign;
    let manager = ["ufw", "firewalld"].into_iter().find(|unit| foreign.runs(unit));
    if let Some(manager) = manager {
        return vec![
            Said::new(format!("`{manager}` manages the packet filter")).hint(format!("`systemctl disable --now {manager}`")),
        ];
    }
    let ours = |table: &str| {
        let own = table == "inet regionctl" || table.starts_with("ip regionctl_");
        own || table == "ip kube-proxy" || table == "ip6 kube-proxy" || table.ends_with(" calico")
    };
    let dropping: Vec<_> = foreign.dropping_tables.iter().filter(|table| !ours(table)).collect();
    if !dropping.is_empty() {
        return vec![
            Said::new(format!("other nftables tables drop packets: {}", super::names(&dropping))).hint("`nft list ruleset`"),
        ];
    }
    when(!foreign.legacy_tables.is_empty(), || {
        Said::new(format!("the old iptables has rules: {}", super::names(&foreign.legacy_tables))).hint("`iptables-legacy-save`")
    })
}
