//! OpenVPN on the servers that clients connect to.
//!
//! Any server lets every user in. A user has the same address whenever they come to this server, and keeps it on the vrack:
//! what users reach is told by it, and so is who it was. The server needs no list of users for that: group and number are in
//! the certificate. After the start OpenVPN runs as `nobody`, so the list of revoked certificates, which it reads for each
//! client, is readable. A new list restarts it: who was revoked is out at once.

use std::net::Ipv4Addr;

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::{Cidr, Transport, Vpn, VpnGroup};
use regionctl_plan::Resource;
use regionctl_secrets::{cert, key};

use super::names::{AUTHORITY, REVOKED, TLS_CRYPT, server};
use super::places;
use crate::network::table::Table;
use crate::template::fill;
use crate::{Host, Wanted};

const FOLDER: &str = "/etc/openvpn/server";
const CONNECT: &str = "/etc/openvpn/server/region-connect";
/// The tunnel's interface.
const DEVICE: &str = "region-vpn";
/// The unit on each server.
pub const UNIT: &str = "openvpn-server@region.service";
/// Where Debian's unit lets OpenVPN write who is connected, every minute, as CSV (`--status-version 2`).
pub const STATUS: &str = "/run/openvpn-server/status-region.log";

/// On the VPN's servers.
pub fn wants(host: &Host<'_>) -> Wanted {
    let region = host.region;
    let Some(vpn) = &region.spec.vpn else { return Wanted::new() };
    let parts = region.vpn_parts();
    let Some((_, part)) = parts.into_iter().find(|(server, _)| server.name == host.server.name) else { return Wanted::new() };
    let rules = rules(host, part);
    let table = Table { what: "what users of the VPN reach", name: "vpn", table: "ip regionctl_vpn", rules };
    let files = files(host, vpn, part);
    let names: Vec<_> = files.iter().map(|file| file.id.name.clone()).collect();
    Wanted::new()
        .packages_of(host, "vpn/openvpn")
        .then(want::directory("/etc/regionctl"))
        .then(want::sysctl("net.ipv4.ip_forward", "1"))
        .then(want::directory("/etc/openvpn"))
        .then(want::directory(FOLDER))
        .then_all(table.resources())
        .then_all(files.into_iter().map(|file| file.may_cut()))
        .then(want::unit(UNIT).enabled().active().config(names.iter().map(String::as_str)).may_cut())
}

/// What comes out of the tunnel.
fn rules(host: &Host<'_>, part: Cidr) -> String {
    let network = &host.region.spec.network;
    let gateway = network.gateway_address().map(|address| address.to_string());
    let servers = host.region.servers().iter().map(|server| server.vrack_address().to_string());
    let resolvers = servers.chain(gateway).collect::<Vec<_>>().join(", ");
    let names = if has_resolver(host) {
        format!("    ip daddr {{ {resolvers} }} meta l4proto {{ 6, 17 }} th dport 53 accept\n")
    } else {
        String::new()
    };
    let port = host.region.spec.kubernetes.as_ref().map(|kubernetes| kubernetes.api_port);
    let api = host.region.api_address().zip(port);
    let api = api.map(|(address, port)| format!("    ip daddr {address} tcp dport {port} accept\n")).unwrap_or_default();
    let values = [
        ("device", DEVICE.to_owned()),
        ("part", part.to_string()),
        ("operators", places::operators(part).to_string()),
        ("vrack", network.vrack.cidr.to_string()),
        ("names", names),
        ("api", api),
        ("balancers", network.load_balancers_range().to_string()),
    ];
    fill(include_str!("templates/vpn.nft"), &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Gives everybody their address.
fn connect(part: Cidr) -> String {
    let of = |group| places::addresses(part, group);
    let (developers, operators) = (of(VpnGroup::Developers), of(VpnGroup::Operators));
    let values = [
        ("developers", developers.first().to_bits().to_string()),
        ("developers_room", developers.len().to_string()),
        ("operators", operators.first().to_bits().to_string()),
        ("operators_room", operators.len().to_string()),
        ("mask", mask(part).to_string()),
    ];
    fill(include_str!("templates/connect.sh"), &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// The configuration, and what it reads.
fn files(host: &Host<'_>, vpn: &Vpn, part: Cidr) -> Vec<Resource> {
    let path = |name: &str| format!("{FOLDER}/region{name}");
    let secret = |file: &str, name: &str| want::secret_file(&path(file), &host.secret(name));
    let own = server(host.name());
    vec![
        secret("-ca.crt", &cert(AUTHORITY)),
        secret("-server.crt", &cert(&own)),
        secret("-server.key", &key(&own)),
        secret("-tls-crypt.key", TLS_CRYPT),
        // Nobody's secret, and read for each client by a process that is not root.
        secret("-crl.pem", REVOKED).mode("0644"),
        want::file(CONNECT, connect(part)).mode("0755").param("check", "sh -n \"$tmp\""),
        want::file(&path(".conf"), config(host, vpn, part)),
    ]
}

fn config(host: &Host<'_>, vpn: &Vpn, part: Cidr) -> String {
    let network = &host.region.spec.network;
    let values = [
        ("port", vpn.port.to_string()),
        ("protocol", vpn.protocol.to_string()),
        ("device", DEVICE.to_owned()),
        ("connect", CONNECT.to_owned()),
        ("network", with_mask(part)),
        ("vrack", with_mask(network.vrack.cidr)),
        ("names", names(host)),
        // Says goodbye, so that clients go to another server at once; TCP does that by itself.
        ("leave", if vpn.protocol == Transport::Udp { "explicit-exit-notify 1\n".to_owned() } else { String::new() }),
    ];
    fill(include_str!("templates/server.conf"), &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Names of the region are asked of this server, other names of whomever the client asks anyway, if it can tell them apart.
fn names(host: &Host<'_>) -> String {
    let Some(address) = host.server.vrack.address.filter(|_| has_resolver(host)) else { return String::new() };
    let domain = host.region.domain();
    let options = [format!("DNS {address}"), format!("DOMAIN {domain}"), format!("DOMAIN-ROUTE {domain}")];
    options.iter().map(|option| format!("push \"dhcp-option {option}\"\n")).collect()
}

fn has_resolver(host: &Host<'_>) -> bool {
    host.region.spec.network.dns.as_ref().is_some_and(|dns| dns.enabled)
}

/// `10.91.0.0 255.255.255.0`.
fn with_mask(cidr: Cidr) -> String {
    format!("{} {}", cidr.network(), mask(cidr))
}

fn mask(cidr: Cidr) -> Ipv4Addr {
    u32::MAX.checked_shl(32 - u32::from(cidr.prefix())).unwrap_or(0).into()
}

#[cfg(test)]
mod tests;
