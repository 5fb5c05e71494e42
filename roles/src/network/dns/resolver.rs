//! The server's own resolver: `/etc/resolv.conf`, and the programs that would write it.

use regionctl_engine::want::{self, Want as _};
use regionctl_plan::{Resource, Writer};

use crate::Host;
use crate::template::fill;

/// glibc takes three resolvers, and no more.
const OTHERS: usize = 2;

/// A plain file, also where it was a link (systemd-resolved, resolvconf): those then leave it alone. A DHCP client would
/// write over it, so both of Debian's are told not to. The kept original is a link again after `reset`.
pub fn wants(host: &Host<'_>) -> Vec<Resource> {
    // While unbound does not answer here, other servers do: they know the region too, which a public resolver does not.
    let others = host.others().filter_map(|server| server.vrack.address).take(OTHERS);
    let others: String = others.map(|address| format!("nameserver {address}\n")).collect();
    let values = [("domain", host.region.domain()), ("others", others)];
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut all = network_manager(host);
    all.extend([
        want::directory("/etc/dhcp"),
        want::directory("/etc/dhcp/dhclient-enter-hooks.d"),
        want::file("/etc/dhcp/dhclient-enter-hooks.d/regionctl", include_str!("templates/dhclient")),
        want::file("/etc/dhcpcd.enter-hook", include_str!("templates/dhcpcd")),
        want::file("/etc/resolv.conf", fill(include_str!("templates/resolv.conf"), &values)),
    ]);
    all
}

/// NetworkManager.conf(5), `dns`: "none: NetworkManager will not modify resolv.conf".
fn network_manager(host: &Host<'_>) -> Vec<Resource> {
    if !host.facts.writers.contains(&Writer::NetworkManager) {
        return Vec::new();
    }
    let (folder, file) = ("/etc/NetworkManager/conf.d", "/etc/NetworkManager/conf.d/zz-regionctl.conf");
    vec![
        want::directory(folder),
        want::file(file, include_str!("templates/networkmanager.conf")),
        want::unit("NetworkManager.service").config([file]).reload(),
    ]
}
