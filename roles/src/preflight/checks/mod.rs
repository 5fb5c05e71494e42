//! The checks. The list is the documentation; thresholds and their sources stand beside the functions.

mod access;
mod clock;
mod disks;
mod foreign;
mod hardware;
mod health;
mod identity;
mod kernel;
mod network;
mod packages;
mod pairs;
mod ports;
mod space;
mod system;
mod vrack;

use regionctl_plan::Severity::{Error, Warning};

use super::check::{
    Check,
    Run::{Host, Region},
};

pub(super) use kernel::Modules;

const fn check(
    theme: &'static str,
    severity: regionctl_plan::Severity,
    name: &'static str,
    about: &'static str,
    run: super::check::Run,
) -> Check {
    Check { name, theme, about, severity, run }
}

/// Every check, in the order in which they are reported.
#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    check("access", Error, "host-answers", "SSH reaches the server and it answers the preflight script", Region(access::host_answers)),
    check("access", Error, "root", "commands run as root, directly or through `sudo`", Host(access::root)),
    check("access", Error, "shell-posix", "`/bin/sh` is a POSIX shell", Host(access::shell_posix)),
    check("access", Warning, "shell-quiet", "shell start-up files print nothing", Host(access::shell_quiet)),
    check("access", Error, "tools-present", "the commands that regionctl's scripts use are there", Host(access::tools_present)),
    check("access", Error, "sshd-config-valid", "`sshd -t` accepts the configuration of sshd", Host(access::sshd_config_valid)),
    check("access", Error, "ssh-host-key-unique", "no two servers have the same SSH host key", Region(access::ssh_host_key_unique)),

    check("identity", Warning, "hostname-valid", "the host name is one DNS label", Host(identity::hostname_valid)),
    check("identity", Warning, "hostname-matches", "the host name is the server's name in the inventory", Host(identity::hostname_matches)),
    check("identity", Warning, "hostname-unique", "no two servers have the same host name", Region(identity::hostname_unique)),
    check("identity", Error, "machine-id-present", "`/etc/machine-id` holds an id", Host(identity::machine_id_present)),
    check("identity", Error, "machine-id-unique", "no two servers have the same machine id", Region(identity::machine_id_unique)),
    check("identity", Error, "mac-unique", "no two servers have a network card with the same MAC address", Region(identity::mac_unique)),
    check("identity", Error, "gluster-id-unique", "no two servers have the same Gluster id", Region(identity::gluster_id_unique)),

    check("system", Error, "os-supported", "the operating system is Debian 12 or 13", Host(system::os_supported)),
    check("system", Error, "architecture", "packages are for amd64", Host(system::architecture)),
    check("system", Error, "kernel-version", "the kernel is 5.8 or newer", Host(kernel::version)),
    check("system", Error, "systemd-running", "systemd is process 1", Host(system::systemd_running)),
    check("system", Warning, "systemd-healthy", "no unit has failed", Host(system::systemd_healthy)),
    check("system", Error, "root-writable", "the root file system is not mounted read-only", Host(space::root_writable)),
    check("system", Error, "tmp-writable", "temporary folders can be made", Host(space::tmp_writable)),
    check("system", Error, "state-writable", "`/var/lib/regionctl` can be written", Host(space::state_writable)),
    check("system", Error, "root-free", "the root file system has 2 GiB free", Host(space::root_free)),
    check("system", Error, "var-free", "the file system of `/var` has 4 GiB free", Host(space::var_free)),
    check("system", Warning, "var-usage", "the file system of `/var` is at most 85 % full", Host(space::var_usage)),
    check("system", Warning, "space-left", "`/`, `/var/lib/regionctl` and bricks that are there already are at most 85 % full", Host(space::left)),
    check("system", Warning, "boot-free", "`/boot`, where it is separate, has room for one more kernel", Host(space::boot_free)),
    check("system", Error, "inodes-free", "5 % of the inodes are free", Host(space::inodes_free)),
    check("system", Error, "brick-space", "bricks in files fit on the file system of `/var`", Host(space::brick_space)),
    check("system", Warning, "open-files", "a process may have 65536 files open", Host(system::open_files)),
    check("system", Warning, "locale", "the locale C.UTF-8 exists", Host(system::locale)),
    check("system", Warning, "selinux-off", "SELinux is not enforcing", Host(system::selinux_off)),
    check("system", Warning, "reboot-required", "no upgrade waits for a reboot", Host(system::reboot_required)),

    check("kernel", Error, "kernel-modules", "the kernel has what this version's layers need", Host(kernel::modules)),
    check("kernel", Warning, "kernel-modules-later", "the kernel has what later layers need", Host(kernel::modules_later)),
    check("kernel", Error, "fuse-device", "`/dev/fuse` is there where volumes are mounted", Host(kernel::fuse_device)),
    check("kernel", Warning, "cgroup-version", "control groups are version 2", Host(kernel::cgroup_version)),
    check("kernel", Warning, "cgroup-controllers", "the controllers cpu, cpuset, memory, pids and io can be used", Host(kernel::cgroup_controllers)),
    check("kernel", Warning, "swap-off", "nodes of Kubernetes have no swap", Host(kernel::swap_off)),
    check("kernel", Warning, "entropy", "the kernel's random numbers are initialised", Host(kernel::entropy)),

    check("hardware", Warning, "cpu-count", "there are processors enough for the server's roles", Host(hardware::cpu_count)),
    check("hardware", Warning, "cpu-level", "processors have the instructions of x86-64-v2", Host(hardware::cpu_level)),
    check("hardware", Warning, "cpu-virtualization", "hypervisors have hardware virtualization", Host(hardware::cpu_virtualization)),
    check("hardware", Error, "memory", "there is 1 GB of memory", Host(hardware::memory)),
    check("hardware", Warning, "memory-for-roles", "there is memory enough for the server's roles", Host(hardware::memory_for_roles)),

    check("disks", Error, "disk-present", "every disk of the inventory is a block device", Host(disks::present)),
    check("disks", Warning, "disk-name-stable", "disks are named by links that survive a reboot", Host(disks::name_stable)),
    check("disks", Error, "disk-same-twice", "no two disks of the inventory are the same device", Host(disks::same_twice)),
    check("disks", Error, "disk-size", "disks are large enough for their bricks", Host(disks::size)),
    check("disks", Error, "disk-readable", "every disk can be read", Host(disks::readable)),
    check("disks", Error, "disk-writable", "no disk is read-only", Host(disks::writable)),
    check("disks", Error, "disk-in-use", "no disk is mounted, swap, or part of something else", Host(disks::in_use)),
    check("disks", Error, "disk-empty", "disks hold no data, partitions or signatures", Host(disks::empty)),
    check("disks", Error, "disk-smart", "no data disk fails its own SMART health check", Host(health::data_disks)),
    check("disks", Warning, "disk-smart-others", "no other disk fails its own SMART health check", Host(health::other_disks)),
    check("disks", Warning, "raid-whole", "every software RAID array runs with all its disks", Host(health::arrays)),
    check("disks", Warning, "brick-sizes", "disks that hold the same files have the same size", Region(disks::brick_sizes)),
    check("disks", Warning, "disk-write-latency", "99 of 100 synced writes take less than 10 ms", Host(disks::write_latency)),
    check("disks", Error, "disk-write-stall", "synced writes work and take less than 100 ms on average", Host(disks::write_stall)),

    check("time", Error, "clock-skew-operator", "clocks are at most 30 s from the operator's", Region(clock::skew_operator)),
    check("time", Warning, "clock-skew-hosts", "clocks are at most 1 s from one another", Region(clock::skew_hosts)),
    check("time", Warning, "time-service-conflict", "at most one service sets the clock, and chrony can replace it", Host(clock::service_conflict)),
    check("time", Warning, "clock-synchronised", "the clock is synchronised", Host(clock::synchronised)),

    check("network", Error, "default-route", "there is a default route", Host(network::default_route)),
    check("network", Error, "dns-servers-present", "`/etc/resolv.conf` names a resolver", Host(network::dns_servers_present)),
    check("network", Error, "dns-resolves", "package sources and time servers resolve", Host(network::dns_resolves)),
    check("network", Warning, "ipv6-usable", "a public IPv6 address comes with an IPv6 default route", Host(network::ipv6_usable)),
    check("network", Warning, "ranges-free", "no route leads into the ranges of pods, services and VPN", Host(network::ranges_free)),
    check("network", Warning, "firewall-foreign", "no other packet filter drops packets", Host(network::firewall_foreign)),

    check("vrack", Error, "nic-present", "the vrack's network card is there", Host(vrack::nic_present)),
    check("vrack", Error, "vrack-card-free", "nothing else is on the card on which regionctl makes the vrack", Host(vrack::card_free)),
    check("vrack", Error, "nic-link-up", "the vrack's network card has a link", Host(vrack::nic_link_up)),
    check("vrack", Warning, "nic-speed", "the vrack's network card runs at 1 Gbit/s or more", Host(vrack::nic_speed)),
    check("vrack", Warning, "nic-carries-ssh", "the vrack's network card is not the one that SSH uses", Host(vrack::nic_carries_ssh)),
    check("vrack", Error, "vrack-address-present", "the server has its address on the vrack", Host(vrack::address_present)),
    check("vrack", Warning, "vrack-prefix", "the address has the prefix length of the vrack", Host(vrack::prefix)),
    check("vrack", Error, "vrack-address-collision", "nobody else has a server's address on the vrack", Region(vrack::collision)),
    check("vrack", Error, "mtu-local", "the vrack's interfaces let packets of its MTU through", Host(vrack::mtu_local)),
    check("vrack", Warning, "ping-present", "`ping` is there to test the vrack", Host(pairs::ping_present)),
    check("vrack", Error, "pair-reachable", "every server reaches every other on the vrack", Region(pairs::reachable)),
    check("vrack", Warning, "pair-loss", "no packet is lost between two servers", Region(pairs::loss)),
    check("vrack", Warning, "pair-latency", "round trips between two servers take at most 5 ms", Region(pairs::latency)),
    check("vrack", Error, "mtu-path", "packets of the vrack's MTU arrive uncut", Region(pairs::mtu_path)),

    check("packages", Error, "apt-sources", "apt has sources, and none is a CD-ROM", Host(packages::sources)),
    check("packages", Error, "apt-reachable", "the index of every source can be fetched within 10 s", Host(packages::reachable)),
    check("packages", Error, "apt-healthy", "no package is half installed or lacks what it depends on", Host(packages::healthy)),
    check("packages", Warning, "apt-lock-free", "no other process holds a lock of apt or dpkg", Host(packages::lock_free)),
    check("packages", Warning, "packages-held", "no package is on hold", Host(packages::held)),
    check("packages", Error, "packages-kept-away", "no priority of apt keeps away a package that is to be installed", Host(packages::kept_away)),
    check("packages", Warning, "gluster-versions", "all servers with bricks run the same Debian release", Region(packages::gluster_versions)),

    check("foreign", Error, "ports-free", "the ports of this version's layers are free", Host(ports::now)),
    check("foreign", Warning, "ports-free-later", "the ports of later layers are free", Host(ports::later)),
    check("foreign", Warning, "container-runtime-foreign", "no container runtime of somebody else is running", Host(foreign::container_runtime)),
    check("foreign", Error, "gluster-existing", "Gluster knows no peer or volume that is not ours", Region(foreign::gluster)),
    check("foreign", Error, "kubernetes-existing", "the server is not part of a Kubernetes cluster that is not ours", Host(foreign::kubernetes)),
    check("foreign", Warning, "proxmox-existing", "the server is not a Proxmox host that is not ours", Host(foreign::proxmox)),
    check("foreign", Warning, "files-shared", "nobody else writes the host name, `/etc/hosts` and `/etc/resolv.conf`", Host(foreign::files_shared)),
    check("foreign", Warning, "config-manager-foreign", "no other tool manages the server's configuration", Host(foreign::config_manager)),
];

/// Names in backticks, the first few of them.
fn names<T: std::fmt::Display>(list: &[T]) -> String {
    let mut names: Vec<_> = list.iter().take(6).map(|name| format!("`{name}`")).collect();
    if list.len() > names.len() {
        names.push(format!("{} more", list.len() - names.len()));
    }
    names.join(", ")
}
