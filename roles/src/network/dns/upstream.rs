//! Whom other names are asked of.

use std::net::IpAddr;

use regionctl_engine::want::{self, Undo};
use regionctl_plan::Resource;

use crate::Host;
use crate::template::fill;

/// Read before our own file: of two lists for the same names, the one that was read last counts.
const KEPT: &str = "/etc/unbound/unbound.conf.d/regionctl-upstream.conf";

/// The inventory's resolvers, as a part of the configuration.
pub fn given(servers: &[IpAddr]) -> String {
    if servers.is_empty() {
        return String::new();
    }
    let servers: String = servers.iter().map(|server| format!("    forward-addr: {server}\n")).collect();
    format!("\nforward-zone:\n    name: \".\"\n{servers}")
}

/// The resolvers that the server had, noted before `/etc/resolv.conf` becomes ours. It runs before the package is
/// installed, which may enter itself in their place. A server that had none asks the root's servers.
pub fn as_before(host: &Host<'_>) -> Resource {
    let own: Vec<_> = host.region.servers().iter().filter_map(|server| server.vrack.address).collect();
    let own: String = own.iter().map(|address| format!(" {address}")).collect();
    let run = fill(include_str!("templates/upstream.sh"), &[("kept", KEPT), ("own", own.trim_start())]);
    let command = want::Command {
        run: &run,
        check: &format!("[ -f {KEPT} ]"),
        guard: "if grep -q '^# Written by regionctl' /etc/resolv.conf; then\n  \
                echo 'the resolvers that the server had are not known any more: write `spec.network.dns.servers`' >&2; exit 1\n\
                fi",
        undo: Undo::Run(&format!(
            "rm -f -- {KEPT}\n! systemctl -q is-active unbound.service || systemctl restart unbound.service"
        )),
    };
    want::command("other names are asked of the resolvers of before", command)
}
