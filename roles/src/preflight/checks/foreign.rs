//! What others run or left on the host. What the ledger says is ours is not foreign.

use std::net::IpAddr;

use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

/// Units that are running and not ours.
fn running<'a>(host: &Host<'_>, units: &[&'a str]) -> Vec<&'a str> {
    let ours = |unit: &str| host.probe.owns(&format!("unit:{unit}.service")) || host.probe.owns(&format!("unit:{unit}"));
    units.iter().copied().filter(|unit| host.probe.foreign.runs(unit) && !ours(unit)).collect()
}

/// The kubelet wants one runtime, and the cluster brings its own, configured for it.
pub(super) fn container_runtime(host: &Host<'_>) -> Vec<Said> {
    let units = running(host, &["docker", "containerd", "podman", "crio"]);
    when(!units.is_empty(), || {
        Said::new(format!("container runtimes are running: {}", super::names(&units)))
            .hint("remove them before Kubernetes is installed")
    })
}

/// Names and addresses of the inventory are ours, whoever wrote them into Gluster's state, and so is what a server's ledger has:
/// an install that was stopped may have made what the inventory does not want any more.
pub(super) fn gluster(hosts: &Hosts<'_>) -> Vec<Said> {
    let of = |host: &Host<'_>| gluster_on(hosts, host).into_iter().map(|said| said.on(host.name())).collect::<Vec<_>>();
    hosts.answered.iter().flat_map(of).collect()
}

fn gluster_on(hosts: &Hosts<'_>, host: &Host<'_>) -> Vec<Said> {
    let region = host.region;
    let owned = |kind: &str, name: &str| hosts.answered.iter().any(|host| host.probe.owns(&format!("{kind}:{name}")));
    let domain = region.domain();
    let known = |peer: &str| {
        region.servers().iter().any(|server| {
            let name = server.name.as_str();
            let address = peer.parse::<IpAddr>().ok();
            peer == name
                || owned("gluster_peer", peer)
                || peer.strip_prefix(name) == Some(&format!(".{domain}"))
                || address.is_some_and(|address| address == server.vrack_address() || server.address.address() == Some(address))
        })
    };
    let foreign = &host.probe.foreign;
    let peers: Vec<_> = foreign.gluster_peers.iter().filter(|peer| !known(peer)).collect();
    let wanted = |name: &str| owned("gluster_volume", name) || region.volumes().iter().any(|volume| volume.name.as_str() == name);
    let volumes: Vec<_> = foreign.gluster_volumes.iter().filter(|name| !wanted(name)).collect();
    let hint = "is this the right server? `gluster peer status` and `gluster volume info` tell more";
    let mut said =
        when(!peers.is_empty(), || Said::new(format!("Gluster has foreign peers: {}", super::names(&peers))).hint(hint));
    said.extend(when(!volumes.is_empty(), || {
        Said::new(format!("Gluster has foreign volumes: {}", super::names(&volumes))).hint(hint)
    }));
    said
}

/// kubeadm's checks `FileAvailable--etc-kubernetes-…` and `DirAvailable--var-lib-etcd`.
pub(super) fn kubernetes(host: &Host<'_>) -> Vec<Said> {
    let files: Vec<_> = host.probe.foreign.kubernetes_files.iter().filter(|file| !host.probe.owns_name(file)).collect();
    let ours = host.probe.owns("package:kubelet") || host.probe.owns("unit:kubelet.service");
    let hint = "is this the right server? `kubeadm reset` removes a node from its cluster";
    if !ours && !files.is_empty() {
        return vec![Said::new(format!("the host is part of a Kubernetes cluster: {}", super::names(&files))).hint(hint)];
    }
    let units = running(host, &["kubelet", "k3s", "k3s-agent", "rke2-server", "rke2-agent"]);
    when(!ours && !units.is_empty(), || Said::new(format!("Kubernetes is running: {}", super::names(&units))).hint(hint))
}

pub(super) fn proxmox(host: &Host<'_>) -> Vec<Said> {
    let ours = host.probe.owns("package:proxmox-ve");
    let files = &host.probe.foreign.proxmox_files;
    when(!ours && !files.is_empty(), || {
        let clustered = files.iter().any(|file| file.ends_with("corosync.conf"));
        Said::new(if clustered { "the host is a member of a Proxmox cluster" } else { "Proxmox VE is installed already" })
    })
}

/// Each is told to leave our files alone, in the way that it documents. What an install has told already is told no more.
pub(super) fn files_shared(host: &Host<'_>) -> Vec<Said> {
    let said = |writer: &String| {
        let (file, what, hint) = match writer.as_str() {
            "cloud-init" => (
                "/etc/cloud/cloud-init.disabled",
                "may write the host name, `/etc/hosts` and `/etc/resolv.conf` at every boot",
                "install switches it off with `/etc/cloud/cloud-init.disabled`, which `reset` takes away again",
            ),
            "NetworkManager" => (
                "/etc/NetworkManager/conf.d/zz-regionctl.conf",
                "writes `/etc/resolv.conf`",
                "where `network.dns` is wanted, install tells it to leave that file alone",
            ),
            _ => (
                "/etc/resolv.conf",
                "writes `/etc/resolv.conf`",
                "where `network.dns` is wanted, install puts a file there that is no link, which it leaves alone",
            ),
        };
        (!host.probe.owns(&format!("file:{file}"))).then(|| Said::new(format!("`{writer}` {what}")).hint(hint))
    };
    host.probe.foreign.writers.iter().filter_map(said).collect()
}

pub(super) fn config_manager(host: &Host<'_>) -> Vec<Said> {
    let units = running(host, &["puppet", "salt-minion", "chef-client", "cfengine3"]);
    when(!units.is_empty(), || {
        Said::new(format!("another tool manages this host: {}", super::names(&units)))
            .hint("two tools that both write a file never end")
    })
}
