//! What the kernel is and offers.

use regionctl_inventory::{FileSystem, Region, Server};

use super::super::HostProbe;
use super::super::check::{Said, when};
use super::super::host::Host;

const SHARED: &str = "its kernel belongs to the machine below";

/// cgroup v2 as the kubelet wants it needs Linux 5.8 (kubernetes.io, "About cgroup v2"); Debian 12 has 6.1.
pub(super) fn version(host: &Host<'_>) -> Vec<Said> {
    let kernel = &host.probe.system.kernel;
    let mut parts = kernel.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    let version = parts.next().flatten().zip(parts.next().flatten());
    let old = version.is_none_or(|version| version < (5, 8));
    host.unless_container(SHARED, when(old, || Said::new(format!("the kernel is `{kernel}`")).hint("boot Debian's own kernel")))
}

/// The kernel modules that a server needs.
#[derive(Debug)]
pub(in super::super) struct Modules {
    /// For what this version does.
    pub(in super::super) now: Vec<String>,
    /// For layers that come later.
    pub(in super::super) later: Vec<String>,
}

impl Modules {
    pub(in super::super) fn of(region: &Region, server: &Server) -> Self {
        let probe = HostProbe::default();
        let host = Host { region, server, probe: &probe };
        let spec = &region.spec;
        let mut now: Vec<String> = spec.base.modules.clone();
        let mut later: Vec<String> = vec!["nf_tables".to_owned()];
        let mounts = region.volumes().iter().flat_map(|volume| &volume.mounts);
        if mounts.flat_map(|mount| mount.targets(region)).any(|target| target.name == server.name) {
            now.push("fuse".to_owned());
        }
        for brick in host.bricks() {
            now.push(match brick.filesystem {
                FileSystem::Xfs => "xfs".to_owned(),
                FileSystem::Ext4 => "ext4".to_owned(),
            });
        }
        if server.disks.iter().any(|disk| disk.encrypt || disk.layout != regionctl_inventory::DiskLayout::Plain) {
            later.push("dm_mod".to_owned());
        }
        if spec.network.vrack.vlan.is_some() {
            later.push("8021q".to_owned());
        }
        if host.is_hypervisor() {
            later.push("bridge".to_owned());
        }
        if spec.vpn.is_some() {
            later.push("tun".to_owned());
        }
        if host.is_node() {
            later.extend(["overlay".to_owned(), "br_netfilter".to_owned()]);
        }
        for list in [&mut now, &mut later] {
            list.sort();
            list.dedup();
        }
        later.retain(|module| !now.contains(module));
        Self { now, later }
    }
}

pub(super) fn modules(host: &Host<'_>) -> Vec<Said> {
    missing(host, &Modules::of(host.region, host.server).now)
}

pub(super) fn modules_later(host: &Host<'_>) -> Vec<Said> {
    missing(host, &Modules::of(host.region, host.server).later)
}

/// In a container a module may come with its first use on the machine below, which cannot be seen from inside.
fn missing(host: &Host<'_>, wanted: &[String]) -> Vec<Said> {
    let missing: Vec<_> = wanted.iter().filter(|module| host.probe.hardware.modules.get(*module) == Some(&false)).collect();
    let said = when(!missing.is_empty(), || {
        Said::new(format!("the kernel has no {}", super::names(&missing))).hint("boot Debian's own kernel, `linux-image-amd64`")
    });
    host.unless_container(SHARED, said)
}

pub(super) fn fuse_device(host: &Host<'_>) -> Vec<Said> {
    let wanted = Modules::of(host.region, host.server).now.iter().any(|module| module == "fuse");
    // Elsewhere the device comes with the module.
    let without = host.probe.system.container || host.probe.hardware.modules.get("fuse") != Some(&false);
    let loaded = host.probe.hardware.dev_fuse;
    when(wanted && without && !loaded, || Said::new("there is no `/dev/fuse`").hint("`modprobe fuse`"))
}

/// Kubernetes 1.35 and newer refuse version 1 by default (`failCgroupV1`).
pub(super) fn cgroup_version(host: &Host<'_>) -> Vec<Said> {
    let kind = &host.probe.hardware.cgroup;
    let said = when(kind != "cgroup2fs", || {
        Said::new("control groups are version 1")
            .hint("remove `systemd.unified_cgroup_hierarchy=0` from the kernel's command line")
    });
    host.unless_container(SHARED, said)
}

/// What kubeadm's SystemVerification and the kubelet's reservations use.
pub(super) fn cgroup_controllers(host: &Host<'_>) -> Vec<Said> {
    let have = &host.probe.hardware.controllers;
    // Version 1 calls io blkio.
    let has = |name: &str| have.iter().any(|c| c == name || (name == "io" && c == "blkio"));
    let missing: Vec<_> = ["cpu", "cpuset", "memory", "pids", "io"].into_iter().filter(|name| !has(name)).collect();
    let said = when(!missing.is_empty(), || Said::new(format!("no control group controller {}", super::names(&missing))));
    host.unless_container(SHARED, said)
}

/// kubeadm's check `Swap`; the kubelet refuses to start with swap by default (`failSwapOn`).
pub(super) fn swap_off(host: &Host<'_>) -> Vec<Said> {
    let swaps = &host.probe.hardware.swaps;
    let said = when(host.is_node() && !swaps.is_empty(), || {
        Said::new(format!("swap is on: {}", super::names(swaps))).hint("`swapoff -a`, and remove it from `/etc/fstab`")
    });
    host.unless_container(SHARED, said)
}

/// random(4): since Linux 5.18 the pool says 256 bits once it is initialised, for ever.
pub(super) fn entropy(host: &Host<'_>) -> Vec<Said> {
    let bits = host.probe.hardware.entropy.filter(|bits| *bits < 128);
    let said = bits.map(|bits| Said::new(format!("the kernel has only {bits} bits of entropy; making keys may wait")));
    host.unless_container(SHARED, said.into_iter().collect())
}
