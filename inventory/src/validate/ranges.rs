//! The ranges of addresses: servers, machines and load balancers share the vrack; VPN, pods and services are elsewhere.

use super::Report;
use crate::{
    parse::{Path, at},
    types::{Region, SMALLEST_PART},
    values::AddressRange,
};

/// A range, what it is called in a message, and where it is written.
struct Named {
    what: &'static str,
    range: AddressRange,
    path: Path,
    /// Whether the document writes it; one taken by default is never at fault alone.
    written: bool,
}

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    let vrack = at!["spec", "network", "vrack", "cidr"];
    let inside = inside(region);
    let outside = outside(region);
    let cidr = region.spec.network.vrack.cidr;
    if report.is_sound(&vrack) {
        if cidr.prefix() > 28 {
            let message = format!("`{cidr}` has too few addresses for a region");
            report.error(&vrack, message, "a /28 at least; a /24 or larger leaves room to grow");
        }
        for named in inside.iter().filter(|named| !cidr.range().covers(named.range)) {
            let message = format!("the {} range `{}` is not inside the vrack `{cidr}`", named.what, named.range);
            report.error(&named.path, message, format!("choose a part of {}", cidr.hosts()));
        }
    }
    if cidr.prefix() <= 26 || inside.iter().all(|named| named.written) {
        pairs(&inside, report);
    }
    vpn_parts(region, report);
    let mut apart = outside;
    apart.push(Named { what: "vrack", range: cidr.range(), path: vrack, written: true });
    apart.extend(public(region));
    pairs(&apart, report);
}

/// Every server of the VPN has users of its own.
fn vpn_parts(region: &Region, report: &mut Report<'_>) {
    let (parts, range, path) = (region.vpn_parts(), region.spec.network.ranges.vpn, at!["spec", "network", "ranges", "vpn"]);
    if report.is_sound(&path) && parts.first().is_some_and(|(_, part)| part.prefix() > SMALLEST_PART) {
        let message = format!("`{range}` has too few addresses for the {} servers of the VPN", parts.len());
        let least = range.prefix().saturating_sub(parts.first().map_or(0, |(_, part)| part.prefix() - SMALLEST_PART));
        report.error(&path, message, format!("a /{least} at least; a /24 or larger leaves room to grow"));
    }
}

fn inside(region: &Region) -> Vec<Named> {
    let network = &region.spec.network;
    let ranges = &network.ranges;
    let named = |what, range, key: &str, written| Named { what, range, path: at!["spec", "network", "ranges", key], written };
    vec![
        named("servers", network.servers_range(), "servers", ranges.servers.is_some()),
        named("machines", network.machines_range(), "machines", ranges.machines.is_some()),
        named("load balancers", network.load_balancers_range(), "loadBalancers", ranges.load_balancers.is_some()),
    ]
}

fn outside(region: &Region) -> Vec<Named> {
    let ranges = &region.spec.network.ranges;
    let named = |what, range: crate::values::Cidr, key: &str| Named {
        what,
        range: range.range(),
        path: at!["spec", "network", "ranges", key],
        written: true,
    };
    vec![named("VPN", ranges.vpn, "vpn"), named("pods", ranges.pods, "pods"), named("services", ranges.services, "services")]
}

fn public(region: &Region) -> Option<Named> {
    let cidr = region.spec.network.public.cidr?;
    Some(Named { what: "public", range: cidr.range(), path: at!["spec", "network", "public", "cidr"], written: true })
}

fn pairs(all: &[Named], report: &mut Report<'_>) {
    for (position, one) in all.iter().enumerate() {
        for other in all.iter().skip(position + 1) {
            let Some(overlap) = one.range.overlap(other.range) else { continue };
            if !report.is_sound(&one.path) || !report.is_sound(&other.path) {
                continue;
            }
            // The mistake is shown where something is written, and there at the later of two.
            let place = |named: &Named| (named.written, report.line(&named.path));
            let (at, with) = if place(one) > place(other) { (one, other) } else { (other, one) };
            let message =
                format!("the {} range `{}` and the {} range `{}` overlap in {overlap}", at.what, at.range, with.what, with.range);
            let hint = if with.written {
                format!("the other is `{}`; give them addresses of their own", with.path)
            } else {
                format!("the other is taken by default; write `{}` to choose it", with.path)
            };
            report.error(&at.path, message, hint);
        }
    }
}
