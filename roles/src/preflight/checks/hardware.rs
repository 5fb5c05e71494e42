//! Processors and memory.

use super::super::check::{Said, when};
use super::super::host::Host;

/// kubeadm's check `NumCPU`: 2 for a control plane. A hypervisor needs one for itself and one for machines.
pub(super) fn cpu_count(host: &Host<'_>) -> Vec<Said> {
    let least = if host.is_control_plane() || host.is_hypervisor() { 2 } else { 1 };
    let cpus = host.probe.hardware.cpus;
    when(cpus < least, || Said::new(format!("{cpus} processors; the server's roles want {least}")))
}

/// The x86-64 psABI's level 2. Debian does without, but many container images (such as those built on RHEL 9) do not start.
pub(super) fn cpu_level(host: &Host<'_>) -> Vec<Said> {
    let flags = &host.probe.hardware.cpu_flags;
    let level = ["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"];
    let missing: Vec<_> = level.into_iter().filter(|flag| !flags.iter().any(|have| have == flag)).collect();
    when(host.probe.system.arch == "amd64" && !missing.is_empty(), || {
        Said::new(format!("the processor lacks {} of x86-64-v2", super::names(&missing)))
    })
}

pub(super) fn cpu_virtualization(host: &Host<'_>) -> Vec<Said> {
    let has = host.probe.hardware.cpu_flags.iter().any(|flag| flag == "vmx" || flag == "svm");
    let said = when(host.is_hypervisor() && !has, || {
        Said::new("the processor shows no hardware virtualization").hint("switch on VT-x or AMD-V in the firmware")
    });
    host.unless_container("a rehearsal runs no machines faster than its machine does", said)
}

/// `MemTotal` is less than what is built in by what the kernel keeps, about a tenth on small hosts: kubeadm's 2 GB are
/// 1700 MB by the same reckoning. Gluster's quick start guide asks for 1 GB.
const LEAST_MB: u64 = 900;

/// kubeadm's check `Mem`.
const CONTROL_PLANE_MB: u64 = 1_700;

/// Proxmox VE's requirements: 2 GB for the system and its services.
const HYPERVISOR_MB: u64 = 1_700;

pub(super) fn memory(host: &Host<'_>) -> Vec<Said> {
    too_little(host, LEAST_MB)
}

pub(super) fn memory_for_roles(host: &Host<'_>) -> Vec<Said> {
    let control_plane = if host.is_control_plane() { CONTROL_PLANE_MB } else { 0 };
    let hypervisor = if host.is_hypervisor() { HYPERVISOR_MB } else { 0 };
    let enough_for_us = too_little(host, LEAST_MB).is_empty();
    if enough_for_us { too_little(host, control_plane.max(hypervisor)) } else { Vec::new() }
}

fn too_little(host: &Host<'_>, least: u64) -> Vec<Said> {
    let have = host.probe.hardware.memory_kib.saturating_mul(1024) / 1_000_000;
    when(have < least, || Said::new(format!("{have} MB of memory; at least {least} MB are needed")))
}
