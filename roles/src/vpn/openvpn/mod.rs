//! OpenVPN on the servers that clients connect to.
//!
//! Any server lets every user in, and each hands out the same range: what a client sends to the vrack has the server's own
//! address there, so nothing on the vrack needs a route back. After the start OpenVPN runs as `nobody`, so the list of revoked
//! certificates, which it reads for each client, is readable. A new list restarts it: who was revoked is out at once.

use std::net::Ipv4Addr;

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::{Cidr, Vpn, VpnProtocol};
use regionctl_plan::Resource;

use super::names::{AUTHORITY, REVOKED, TLS_CRYPT, cert, key, server};
use super::protocol;
use crate::network::table::Table;
use crate::template::fill;
use crate::{Host, Wanted};

const FOLDER: &str = "/etc/openvpn/server";
/// The unit on each server.
pub const UNIT: &str = "openvpn-server@region.service";
/// Where Debian's unit lets OpenVPN write who is connected, every minute, as CSV (`--status-version 2`).
pub const STATUS: &str = "/run/openvpn-server/status-region.log";

/// On the VPN's servers.
pub fn wants(host: &Host<'_>) -> Wanted {
    let region = host.region;
    let Some(vpn) = &region.spec.vpn else { return Wanted::new() };
    if !region.vpn_servers().iter().any(|server| server.name == host.server.name) {
        return Wanted::new();
    }
    let clients = [("clients", region.spec.network.ranges.vpn), ("vrack", region.spec.network.vrack.cidr)];
    let clients = clients.map(|(name, cidr)| (name, cidr.to_string()));
    let rules = fill(include_str!("templates/vpn.nft"), &clients.each_ref().map(|(name, cidr)| (*name, cidr.as_str())));
    let table = Table { what: "the VPN's translation", name: "vpn", table: "ip regionctl_vpn", rules };
    let files = files(host, vpn);
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

/// The configuration, and what it reads.
fn files(host: &Host<'_>, vpn: &Vpn) -> Vec<Resource> {
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
        want::file(&path(".conf"), config(host, vpn)),
    ]
}

fn config(host: &Host<'_>, vpn: &Vpn) -> String {
    let network = &host.region.spec.network;
    let values = [
        ("port", vpn.port.to_string()),
        ("protocol", protocol(vpn.protocol).to_owned()),
        ("network", with_mask(network.ranges.vpn)),
        ("vrack", with_mask(network.vrack.cidr)),
        ("names", names(host)),
        // Says goodbye, so that clients go to another server at once; TCP does that by itself.
        ("leave", if vpn.protocol == VpnProtocol::Udp { "explicit-exit-notify 1\n".to_owned() } else { String::new() }),
    ];
    fill(include_str!("templates/server.conf"), &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Names of the region are asked of this server, other names of whomever the client asks anyway, if it can tell them apart.
fn names(host: &Host<'_>) -> String {
    let has_resolver = host.region.spec.network.dns.as_ref().is_some_and(|dns| dns.enabled);
    let Some(address) = host.server.vrack.address.filter(|_| has_resolver) else { return String::new() };
    let domain = host.region.domain();
    let options = [format!("DNS {address}"), format!("DOMAIN {domain}"), format!("DOMAIN-ROUTE {domain}")];
    options.iter().map(|option| format!("push \"dhcp-option {option}\"\n")).collect()
}

/// `10.91.0.0 255.255.255.0`.
fn with_mask(cidr: Cidr) -> String {
    let mask = u32::MAX.checked_shl(32 - u32::from(cidr.prefix())).unwrap_or(0);
    format!("{} {}", cidr.network(), Ipv4Addr::from(mask))
}
