//! The zone of the region, as unbound's `local-zone` and `local-data`.
//!
//! The zone is `static`: a name that is not here does not exist, and is never asked of anybody outside.

use std::net::Ipv4Addr;

use regionctl_inventory::{Region, ServerRole};

/// Seconds that an answer may be kept: a server that is replaced is found after five minutes.
const TTL: u32 = 300;

/// One name and one of its addresses.
struct Record {
    name: String,
    address: Ipv4Addr,
    /// Whether the address leads back to the name.
    back: bool,
}

/// The whole zone, with the way back from addresses to names.
pub fn zone(region: &Region) -> String {
    let domain = region.domain();
    let mut text = format!(
        "    local-zone: \"{domain}.\" static\n    \
         local-data: \"{domain}. {TTL} IN SOA ns.{domain}. hostmaster.{domain}. 1 3600 600 86400 {TTL}\"\n    \
         local-data: \"{domain}. {TTL} IN NS ns.{domain}.\"\n"
    );
    for Record { name, address, back } in records(region) {
        text += &format!("    local-data: \"{name}.{domain}. {TTL} IN A {address}\"\n");
        if back {
            text += &format!("    local-data-ptr: \"{address} {TTL} {name}.{domain}.\"\n");
        }
    }
    if let Some(address) = ingress(region) {
        text += &format!(
            "    # Every name below it.\n    local-zone: \"apps.{domain}.\" redirect\n    \
             local-data: \"apps.{domain}. {TTL} IN A {address}\"\n"
        );
    }
    text
}

fn records(region: &Region) -> Vec<Record> {
    let record = |name: &str, address: Ipv4Addr, back: bool| Record { name: name.to_owned(), address, back };
    let servers = || region.servers().iter().filter_map(|server| Some((server, server.vrack.address?)));
    let machines = region.spec.machines.iter().filter_map(|machine| Some((machine, machine.address?)));
    // Every server answers for the zone.
    let mut all: Vec<_> = servers().map(|(_, address)| record("ns", address, false)).collect();
    all.extend(servers().map(|(server, address)| record(server.name.as_str(), address, true)));
    all.extend(machines.map(|(machine, address)| record(machine.name.as_str(), address, true)));
    all.extend(region.spec.network.gateway_address().map(|address| record("gateway", address, true)));
    all.extend(region.api_address().map(|address| record("api", address, true)));
    all.extend(registry(region).into_iter().map(|address| record("registry", address, false)));
    all
}

/// The addresses of the servers with the registry: those written, or the storage servers.
fn registry(region: &Region) -> Vec<Ipv4Addr> {
    let Some(registry) = &region.spec.registry else { return Vec::new() };
    let servers = if registry.servers.is_empty() {
        region.servers_with(ServerRole::Storage)
    } else {
        registry.servers.iter().filter_map(|name| region.server(name.as_str())).collect()
    };
    servers.into_iter().filter_map(|server| server.vrack.address).collect()
}

/// The address of the ingress: the first that the load balancer hands out.
fn ingress(region: &Region) -> Option<Ipv4Addr> {
    let addons = region.spec.addons.as_ref()?;
    addons.ingress.as_ref().filter(|ingress| ingress.enabled)?;
    addons.load_balancer.as_ref().filter(|balancer| balancer.enabled)?;
    Some(region.spec.network.load_balancers_range().first())
}
