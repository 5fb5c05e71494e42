//! The cluster: its hosts, its etcd, and whether there is anything to run machines on.

use std::collections::BTreeSet;

use super::{Report, Seen};
use crate::{
    nearest,
    parse::{Path, at},
    types::{HypervisorKind, Region},
    values::Name,
};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    machines(region, report);
    let Some(kubernetes) = &region.spec.kubernetes else {
        needs_cluster(region, report);
        return;
    };
    hosts(region, &kubernetes.control_planes, &at!["spec", "kubernetes", "controlPlanes"], report);
    hosts(region, &kubernetes.workers, &at!["spec", "kubernetes", "workers"], report);
    etcd(region, report);
}

fn machines(region: &Region, report: &mut Report<'_>) {
    let hypervisor = region.spec.hypervisor.as_ref();
    let none = hypervisor.is_none_or(|hypervisor| hypervisor.kind == HypervisorKind::None);
    if none && !region.spec.machines.is_empty() {
        let hint = "write `hypervisor: {kind: proxmox}` (or `libvirt`) under `spec`";
        report.error(&at!["spec", "machines"], "there are machines, but no hypervisor to run them", hint);
        return;
    }
    let Some(hypervisor) = hypervisor else { return };
    for (m, machine) in region.spec.machines.iter().enumerate() {
        let known = region.server(machine.server.as_str()).is_some();
        if known && !hypervisor.servers.is_empty() && !hypervisor.servers.contains(&machine.server) {
            let path = at!["spec", "machines", m, "server"];
            let message = format!("`{}` is not among the hypervisor's servers", machine.server);
            report.error(&path, message, "add it to `spec.hypervisor.servers`, or choose another");
        }
    }
}

/// Add-ons, services and console run on the cluster.
fn needs_cluster(region: &Region, report: &mut Report<'_>) {
    let spec = &region.spec;
    let sections = [
        ("addons", spec.addons.is_some()),
        ("services", spec.services.is_some()),
        ("console", spec.console.as_ref().is_some_and(|console| console.enabled)),
    ];
    for (section, _) in sections.iter().filter(|(_, asked)| *asked) {
        let message = format!("`{section}` needs a Kubernetes cluster, and there is none");
        report.error(&at!["spec", *section], message, "add the section `kubernetes` under `spec`");
    }
}

fn hosts(region: &Region, names: &[Name], path: &Path, report: &mut Report<'_>) {
    let servers = region.servers().iter().map(|server| server.name.as_str());
    let known: BTreeSet<&str> = servers.chain(region.spec.machines.iter().map(|machine| machine.name.as_str())).collect();
    let mut seen = Seen::new();
    for (i, name) in names.iter().enumerate() {
        let here = path.then(i);
        if !known.contains(name.as_str()) {
            let hint = nearest::hint(name.as_str(), known.iter().copied()).unwrap_or_default();
            report.error(&here, format!("there is no server or machine `{name}`"), hint);
        }
        if seen.note(name, &here, report).is_some() {
            report.error(&here, format!("`{name}` is here twice"), "remove one");
        }
    }
}

/// An even number of members survives no more losses than one less, and splits in halves.
fn etcd(region: &Region, report: &mut Report<'_>) {
    let members: BTreeSet<&Name> = region.control_planes().into_iter().collect();
    let path = at!["spec", "kubernetes", "controlPlanes"];
    match members.len() {
        0 => {
            let hint = "name servers or machines here, or give machines the role `control-plane`";
            report.error(&path, "the cluster has no control plane", hint);
        }
        count if count % 2 == 0 => {
            let message = format!("{count} control planes make {count} etcd members, an even number");
            let hint = format!("{} would survive as many losses: use 1, 3, 5 or 7", count - 1);
            report.error(&path, message, hint);
        }
        count if count > 7 => {
            report.error(&path, format!("{count} etcd members are too many"), "use 3, 5 or 7");
        }
        _ => {}
    }
}
