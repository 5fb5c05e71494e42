//! The way out for what lives on the vrack only, and the way in to the load balancers.
//!
//! One address on the vrack, and the forwarded public ones, are on whichever of the gateway servers is alive: keepalived
//! moves them (VRRP, to each other's address and not to a group, because few providers carry multicast). Each gateway server
//! translates what passes, whether it holds the addresses or not, so that nothing has to run when they move.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::{Gateway, Region, Server};
use regionctl_plan::Resource;

use super::table::Table;
use super::{interfaces, private};
use crate::template::fill;
use crate::{Host, Wanted};

const CONFIG: &str = "/etc/keepalived/keepalived.conf";

/// The servers that can hold the addresses, the preferred one first.
pub fn servers<'a>(region: &'a Region, gateway: &Gateway) -> Vec<&'a Server> {
    if gateway.servers.is_empty() {
        return region.compute_servers();
    }
    gateway.servers.iter().filter_map(|name| region.server(name.as_str())).collect()
}

/// On the gateway servers.
pub fn wants(host: &Host<'_>) -> Wanted {
    let network = &host.region.spec.network;
    let (Some(gateway), Some(address)) = (network.gateway.as_ref(), network.gateway_address()) else { return Wanted::new() };
    let servers = servers(host.region, gateway);
    let Some(place) = servers.iter().position(|server| server.name == host.server.name) else { return Wanted::new() };
    let rules = rules(host, gateway);
    let table = Table { what: "the gateway's translation", name: "gateway", table: "ip regionctl_gateway", rules };
    let config = want::file(CONFIG, keepalived(host, gateway, address, &servers, place));
    // It never finds again an interface that was taken away under it.
    let vrack = super::vrack::files();
    let reads: Vec<_> = std::iter::once(CONFIG).chain(vrack.iter().map(String::as_str)).collect();
    Wanted::new()
        .packages_of(host, "network/gateway")
        .then_all(interfaces::known(host))
        .then(want::directory("/etc/regionctl"))
        .then(want::sysctl("net.ipv4.ip_forward", "1"))
        .then_all(table.resources())
        .then(want::directory("/etc/keepalived"))
        .then_all(written_by_keepalived())
        .then(config.param("check", "keepalived -t -f \"$tmp\"").may_cut())
        .then(want::unit("keepalived.service").enabled().active().config(reads).may_cut())
}

/// keepalived names its routes' protocol for `ip`, where nobody has: ours from the start, so that it goes back with the rest.
fn written_by_keepalived() -> [Resource; 3] {
    let folder = "/etc/iproute2/rt_addrprotos.d";
    let file = Resource::present("file", format!("{folder}/keepalived.conf")).mode("0644");
    [want::directory("/etc/iproute2"), want::directory(folder), file]
}

/// An interface that is not there is named in the configuration, and refused by its check.
fn named(interface: Option<&str>) -> &str {
    interface.unwrap_or("not-found")
}

fn rules(host: &Host<'_>, gateway: &Gateway) -> String {
    let network = &host.region.spec.network;
    let balancers = network.load_balancers_range();
    let mut forwards = String::new();
    for (public, inner) in gateway.public_addresses.iter().zip(u32::from(balancers.first())..=u32::from(balancers.last())) {
        let _ = writeln!(forwards, "    ip daddr {public} dnat to {}", Ipv4Addr::from(inner));
    }
    let values = [
        ("forwards", forwards.as_str()),
        ("vrack", &network.vrack.cidr.to_string()),
        ("private", &private(network)),
        ("public", named(interfaces::public(host))),
    ];
    fill(include_str!("templates/gateway.nft"), &values)
}

fn keepalived(host: &Host<'_>, gateway: &Gateway, address: Ipv4Addr, servers: &[&Server], place: usize) -> String {
    let others = servers.iter().filter(|server| server.name != host.server.name);
    let peers: String = others.map(|server| format!("        {} min_ttl 255 max_ttl 255\n", server.vrack_address())).collect();
    // keepalived takes no empty list. Who is alone speaks to a group and hears nobody: the packet filter takes VRRP from the others.
    let cast = if peers.is_empty() { "mcast" } else { "unicast" };
    let peers = if peers.is_empty() { peers } else { format!("    unicast_peer {{\n{peers}    }}\n") };
    let public = named(interfaces::public(host));
    let more: String = gateway.public_addresses.iter().map(|given| format!("        {given}/32 dev {public}\n")).collect();
    let more = if more.is_empty() { more } else { format!("    virtual_ipaddress_excluded {{\n{more}    }}\n") };
    let prefix = host.region.spec.network.vrack.cidr.prefix();
    let vrack = interfaces::vrack(host);
    let values = [
        ("interface", named(vrack.as_deref())),
        ("public", public),
        ("own", &host.server.vrack_address().to_string()),
        ("cast", cast),
        ("peers", &peers),
        ("priority", &200_usize.saturating_sub(10 * place).max(1).to_string()),
        ("router", &(address.octets()[3].max(1)).to_string()),
        ("address", &format!("{address}/{prefix}")),
        ("more", &more),
    ];
    fill(include_str!("templates/keepalived.conf"), &values)
}
