//! TCP ports that our layers listen on.

use super::super::check::Said;
use super::super::host::Host;

/// A port, and the process that is meant to have it.
type Port = (u16, &'static str);

/// glusterd's own ports (Gluster docs, "Setting up a trusted storage pool").
const GLUSTER: [Port; 2] = [(24007, "glusterd"), (24008, "glusterd")];

/// Where bricks begin to listen; glusterd passes over ports that are taken.
const FIRST_BRICK: u16 = 49152;

/// kubernetes.io, "Ports and protocols".
const NODE: [Port; 2] = [(10250, "kubelet"), (10256, "kube-proxy")];
const CONTROL_PLANE: [Port; 5] =
    [(6443, "kube-apiserver"), (2379, "etcd"), (2380, "etcd"), (10257, "kube-controller"), (10259, "kube-scheduler")];

/// Proxmox VE's web interface and API.
const HYPERVISOR: [Port; 1] = [(8006, "pveproxy")];

pub(super) fn now(host: &Host<'_>) -> Vec<Said> {
    let mut ports = Vec::new();
    if !host.bricks().is_empty() {
        ports.extend(GLUSTER);
    }
    taken(host, &ports)
}

pub(super) fn later(host: &Host<'_>) -> Vec<Said> {
    let mut ports = Vec::new();
    let bricks = host.bricks().len();
    ports.extend((FIRST_BRICK..).take(bricks).map(|port| (port, "glusterfsd")));
    if host.is_node() {
        ports.extend(NODE);
    }
    if host.is_control_plane() {
        ports.extend(CONTROL_PLANE);
    }
    if host.is_hypervisor()
        && host.region.spec.hypervisor.as_ref().is_some_and(|h| h.kind == regionctl_inventory::HypervisorKind::Proxmox)
    {
        ports.extend(HYPERVISOR);
    }
    taken(host, &ports)
}

fn taken(host: &Host<'_>, ports: &[Port]) -> Vec<Said> {
    let listening = &host.probe.foreign.ports;
    let foreign = |(port, owner): &Port| Some((*port, listening.get(port).filter(|process| !process.starts_with(owner))?));
    let said = |(port, process): (u16, &String)| {
        let who = if process == "?" { "something".to_owned() } else { format!("`{process}`") };
        Said::new(format!("{who} listens on port {port}"))
    };
    ports.iter().filter_map(foreign).map(said).collect()
}
