//! `/etc/hosts`: every server knows the others by name, without DNS.

use std::net::Ipv4Addr;

use regionctl_engine::want;
use regionctl_inventory::Server;

use crate::template::fill;
use crate::{Host, Wanted};

/// The whole file. There is no `127.0.1.1`: a server's own name must lead to the address that the others use, for
/// Gluster, Proxmox and kubelet.
pub fn wants(host: &Host<'_>) -> Wanted {
    if !host.region.spec.base.hosts_file {
        return Wanted::new();
    }
    let domain = host.region.domain();
    let own = line(host.server, |name| format!("{name}.{domain} {name}"));
    // Looking an address up gives the first name of its line, and by that name Gluster knows a peer that calls.
    let others: String = host.others().map(|server| line(server, |name| format!("{name} {name}.{domain}"))).collect();
    Wanted::new().setting(want::file("/etc/hosts", fill(include_str!("templates/hosts"), &[("own", &own), ("others", &others)])))
}

/// A server without an address on the vrack has no line.
fn line(server: &Server, names: impl Fn(&str) -> String) -> String {
    let address = server.vrack.address.filter(|address| *address != Ipv4Addr::UNSPECIFIED);
    address.map(|address| format!("{address} {}\n", names(server.name.as_str()))).unwrap_or_default()
}
