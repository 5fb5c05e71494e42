//! The kernel settings, each with its reason and source.
//!
//! Only what every kernel of Debian has: a setting that the kernel does not know would stop the host. So nothing of IPv6,
//! which a boot option can take away.

/// A kernel setting.
pub struct Setting {
    /// As `sysctl` has it.
    pub key: &'static str,
    /// What it is set to.
    pub value: &'static str,
    /// Why, and who says so.
    pub why: &'static str,
}

const fn set(key: &'static str, value: &'static str, why: &'static str) -> Setting {
    Setting { key, value, why }
}

/// In order of key.
pub const SETTINGS: &[Setting] = &[
    set(
        "fs.inotify.max_user_instances",
        "8192",
        "the default of 128 is used up by a kubelet and a few log collectors (kind, known issues: 512 at least)",
    ),
    set("fs.inotify.max_user_watches", "524288", "kubelet and log collectors watch the files of every pod (kind, known issues)"),
    set("kernel.panic", "10", "a server that nobody can reach starts again after a panic (kubelet, protectKernelDefaults)"),
    set("kernel.panic_on_oops", "1", "half a kernel is worse than a reboot (kubelet, protectKernelDefaults)"),
    set("net.ipv4.conf.all.accept_redirects", "0", "no other host turns our routes (CIS benchmark for Debian)"),
    set(
        "net.ipv4.conf.all.accept_source_route",
        "0",
        "a packet does not choose its way past a firewall (CIS benchmark for Debian)",
    ),
    set(
        "net.ipv4.conf.all.rp_filter",
        "2",
        "loose: an answer may leave by another interface than its question came in (kernel, ip-sysctl; RFC 3704)",
    ),
    set(
        "net.ipv4.conf.all.send_redirects",
        "0",
        "a gateway does not teach the vrack ways around itself (CIS benchmark for Debian)",
    ),
    set("net.ipv4.conf.default.accept_redirects", "0", "the same for interfaces that are made later"),
    set("net.ipv4.conf.default.accept_source_route", "0", "the same for interfaces that are made later"),
    set("net.ipv4.conf.default.send_redirects", "0", "the same for interfaces that are made later"),
    set(
        "vm.swappiness",
        "10",
        "bricks, etcd and machines keep their memory; caches give way first (tuned, throughput-performance)",
    ),
];
