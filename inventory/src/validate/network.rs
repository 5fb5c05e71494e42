//! Single addresses of the network: gateway, API server, public addresses.

use std::net::{IpAddr, Ipv4Addr};

use super::{Report, Seen};
use crate::{
    parse::{Path, at},
    types::Region,
};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    let network = &region.spec.network;
    if let (Some(cidr), Some(gateway)) = (network.public.cidr, network.public.gateway)
        && !cidr.contains(gateway)
    {
        let message = format!("the gateway `{gateway}` is not inside the public network `{cidr}`");
        report.error(&at!["spec", "network", "public", "gateway"], message, format!("an address of {}", cidr.hosts()));
    }
    public_addresses(region, report);
    moving_addresses(region, report);
    let mut seen = Seen::new();
    for (i, address) in network.gateway.iter().flat_map(|gateway| &gateway.public_addresses).enumerate() {
        let path = at!["spec", "network", "gateway", "publicAddresses", i];
        if let Some(first) = seen.note(*address, &path, report) {
            let line = report.line(&first);
            report.error(&path, format!("`{address}` is here twice"), format!("the other is on line {line}"));
        }
        let of_server = region.servers().iter().find(|server| server.address.address() == Some((*address).into()));
        if let Some(server) = of_server {
            let message = format!("`{address}` is the address of `{}` and cannot be forwarded", server.name);
            report.error(&path, message, "only additional addresses of the provider can be forwarded");
        }
    }
}

/// A server is reached over the public network, where one is given, or over the vrack.
fn public_addresses(region: &Region, report: &mut Report<'_>) {
    let network = &region.spec.network;
    let Some(cidr) = network.public.cidr else { return };
    if !report.is_sound(&at!["spec", "network", "vrack", "cidr"]) {
        return;
    }
    for (i, server) in region.servers().iter().enumerate() {
        let Some(IpAddr::V4(address)) = server.address.address() else { continue };
        if !cidr.contains(address) && !network.vrack.cidr.contains(address) {
            let message = format!("the address `{address}` of `{}` is not inside the public network `{cidr}`", server.name);
            let hint = "correct one of them, or leave out `spec.network.public.cidr`";
            report.error(&at!["spec", "servers", i, "address"], message, hint);
        }
    }
}

/// Addresses that move between hosts are on the vrack, and in no range that hands out addresses.
fn moving_addresses(region: &Region, report: &mut Report<'_>) {
    let network = &region.spec.network;
    let cidr = network.vrack.cidr;
    if !report.is_sound(&at!["spec", "network", "vrack", "cidr"]) {
        return;
    }
    let ranges = [
        ("servers", network.servers_range()),
        ("machines", network.machines_range()),
        ("load balancers", network.load_balancers_range()),
    ];
    for (what, address, path) in moving(region) {
        if !cidr.hosts().contains(address) {
            let message = format!("the {what} address `{address}` is not inside the vrack `{cidr}`");
            report.error(&path, message, format!("an address of {}", cidr.hosts()));
            continue;
        }
        // A vrack too small to be cut has no address outside its ranges.
        let range = ranges.iter().find(|(_, range)| range.contains(address) && cidr.prefix() <= 26);
        if let Some((name, range)) = range {
            let message = format!("the {what} address `{address}` is in the range of the {name} `{range}`");
            report.error(&path, message, "choose an address of the vrack outside the ranges");
        }
    }
    if let (Some(gateway), Some(api)) = (network.gateway_address(), region.api_address())
        && gateway == api
    {
        let message = format!("the gateway and the API server have the same address `{api}`");
        report.error(&at!["spec", "kubernetes", "apiAddress"], message, "give one of them another");
    }
}

/// The addresses that move between hosts, with what they are for and where they are written.
pub(super) fn moving(region: &Region) -> Vec<(&'static str, Ipv4Addr, Path)> {
    let gateway = region.spec.network.gateway_address().map(|a| ("gateway", a, at!["spec", "network", "gateway", "vip"]));
    let api = region.api_address().map(|a| ("API", a, at!["spec", "kubernetes", "apiAddress"]));
    gateway.into_iter().chain(api).collect()
}
