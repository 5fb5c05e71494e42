//! The operating system and its state.

use super::super::check::{Said, when};
use super::super::host::Host;

pub(super) fn os_supported(host: &Host<'_>) -> Vec<Said> {
    let system = &host.probe.system;
    when(system.id != "debian" || !matches!(system.major(), Some(12 | 13)), || {
        Said::new(format!("the host runs `{} {}`", system.id, system.version)).hint("install Debian 13 or 12")
    })
}

pub(super) fn architecture(host: &Host<'_>) -> Vec<Said> {
    let arch = &host.probe.system.arch;
    when(arch != "amd64", || Said::new(format!("packages are for `{arch}`; only amd64 is supported")))
}

pub(super) fn systemd_running(host: &Host<'_>) -> Vec<Said> {
    let pid1 = &host.probe.system.pid1;
    when(pid1 != "systemd", || Said::new(format!("process 1 is `{pid1}`; changes run as units of systemd")))
}

pub(super) fn systemd_healthy(host: &Host<'_>) -> Vec<Said> {
    let system = &host.probe.system;
    let is_ours = |unit: &&String| unit.starts_with("regionctl-") || host.probe.owns(&format!("unit:{unit}"));
    let (ours, failed): (Vec<_>, Vec<_>) = system.failed_units.iter().partition(is_ours);
    if !failed.is_empty() {
        let failed = super::names(&failed);
        return vec![Said::new(format!("failed units: {failed}")).hint("`systemctl status UNIT` says why")];
    }
    if !ours.is_empty() {
        return vec![Said::note(format!(
            "failed units of our own, which the next install starts again: {}",
            super::names(&ours)
        ))];
    }
    // Without systemd there is another finding; while it starts, units are not known to have failed.
    let state = system.state.as_str();
    when(matches!(state, "maintenance" | "stopping"), || Said::new(format!("systemd is in the state `{state}`")))
}

/// The Kubernetes and etcd packages' units ask for 65536 or more (`LimitNOFILE` of etcd's unit); Gluster opens a file
/// descriptor per open file of every client.
pub(super) fn open_files(host: &Host<'_>) -> Vec<Said> {
    let limit = host.probe.system.open_files.filter(|limit| *limit < 65_536);
    limit.map(|limit| Said::new(format!("a process may have only {limit} files open"))).into_iter().collect()
}

pub(super) fn locale(host: &Host<'_>) -> Vec<Said> {
    when(!host.probe.system.utf8, || Said::new("there is no locale `C.UTF-8`").hint("`apt-get install libc-bin`"))
}

pub(super) fn selinux_off(host: &Host<'_>) -> Vec<Said> {
    when(host.probe.system.selinux == "1", || {
        Said::new("SELinux is enforcing; no policy for what is installed here exists")
            .hint("`setenforce 0` and /etc/selinux/config")
    })
}

pub(super) fn reboot_required(host: &Host<'_>) -> Vec<Said> {
    when(host.probe.system.reboot_required, || Said::new("an upgrade waits for a reboot").hint("reboot before the install"))
}
