//! Names that refer to servers and machines.

use std::collections::BTreeSet;

use super::Report;
use crate::{
    nearest,
    parse::{Path, at},
    types::Region,
    values::Name,
};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    let spec = &region.spec;
    let servers: BTreeSet<&str> = region.servers().iter().map(|server| server.name.as_str()).collect();
    // A server whose own name is wrong may be the one that is meant: its mistake is reported, not those that follow.
    if (0..region.servers().len()).any(|i| !report.is_sound(&at!["spec", "servers", i, "name"])) {
        return;
    }
    let mut lists: Vec<(&[Name], Path)> = Vec::new();
    let gateway = spec.network.gateway.as_ref();
    lists.extend(gateway.map(|gateway| (gateway.servers.as_slice(), at!["spec", "network", "gateway", "servers"])));
    for (o, open) in spec.network.firewall.iter().flat_map(|firewall| &firewall.open).enumerate() {
        lists.push((&open.servers, at!["spec", "network", "firewall", "open", o, "servers"]));
    }
    lists.extend(spec.vpn.as_ref().map(|vpn| (vpn.servers.as_slice(), at!["spec", "vpn", "servers"])));
    lists.extend(spec.registry.as_ref().map(|registry| (registry.servers.as_slice(), at!["spec", "registry", "servers"])));
    let hypervisor = spec.hypervisor.as_ref();
    lists.extend(hypervisor.map(|hypervisor| (hypervisor.servers.as_slice(), at!["spec", "hypervisor", "servers"])));
    for (v, volume) in region.volumes().iter().enumerate() {
        for (b, brick) in volume.bricks.iter().enumerate() {
            one(&brick.server, &servers, &at!["spec", "gluster", "volumes", v, "bricks", b, "server"], report);
        }
        for (m, mount) in volume.mounts.iter().enumerate() {
            lists.push((&mount.servers, at!["spec", "gluster", "volumes", v, "mounts", m, "servers"]));
        }
    }
    for (names, path) in lists {
        many(names, &servers, &path, report);
    }
    for (m, machine) in spec.machines.iter().enumerate() {
        one(&machine.server, &servers, &at!["spec", "machines", m, "server"], report);
    }
}

fn one(name: &Name, servers: &BTreeSet<&str>, path: &Path, report: &mut Report<'_>) {
    if !servers.contains(name.as_str()) {
        let hint = nearest::hint(name.as_str(), servers.iter().copied()).unwrap_or_default();
        report.error(path, format!("there is no server `{name}`"), hint);
    }
}

fn many(names: &[Name], servers: &BTreeSet<&str>, path: &Path, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for (i, name) in names.iter().enumerate() {
        let here = path.then(i);
        one(name, servers, &here, report);
        if !seen.insert(name) {
            report.error(&here, format!("`{name}` is here twice"), "remove one");
        }
    }
}
