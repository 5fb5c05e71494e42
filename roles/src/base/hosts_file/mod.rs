//! `/etc/hosts`: every server knows the others by name, without DNS.

use std::net::Ipv4Addr;

use regionctl_engine::want::{self, Condition};
use regionctl_inventory::Server;
use regionctl_plan::Resource;

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
    let taken = host.others().find_map(|other| taken(host, other));
    let wanted = taken.into_iter().fold(Wanted::new(), Wanted::setting);
    wanted.setting(want::file("/etc/hosts", fill(include_str!("templates/hosts"), &[("own", &own), ("others", &others)])))
}

/// A server that has another's address on the vrack, as where two were exchanged in the inventory: the others would take it for that one,
/// and Gluster would write both copies to it.
fn taken(host: &Host<'_>, other: &Server) -> Option<Resource> {
    let address = other.vrack_address();
    let nic = host.facts.nic_with(address)?;
    let message = format!("`{}` has {address}, which the inventory gives to {}", nic.name, other.name);
    Some(want::condition(&Condition {
        name: "no other server's address on the vrack is here",
        check: "false",
        finding: "address-taken",
        message: &message,
        hint: "write the addresses as the servers have them; to move one, give it an address that is free first",
    }))
}

/// A server without an address on the vrack has no line.
fn line(server: &Server, names: impl Fn(&str) -> String) -> String {
    let address = server.vrack.address.filter(|address| *address != Ipv4Addr::UNSPECIFIED);
    address.map(|address| format!("{address} {}\n", names(server.name.as_str()))).unwrap_or_default()
}
