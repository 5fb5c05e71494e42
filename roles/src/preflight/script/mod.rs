//! The script that asks a server everything, in one round trip.

use regionctl_engine::APT_LOCKS;
use regionctl_inventory::{Host as HostName, Region, Server};
use regionctl_plan::quote;

use super::checks;
use crate::network::vrack;

const FUNCTIONS: [&str; 5] = [
    include_str!("system.sh"),
    include_str!("hardware.sh"),
    include_str!("network.sh"),
    include_str!("packages.sh"),
    include_str!("foreign.sh"),
];

/// The functions that both scripts have.
const DISKS: [&str; 2] = [include_str!("disks.sh"), include_str!("health.sh")];

/// `put` is `row` for values of several lines; `yesno` says how a command ended; `running` asks for a unit.
const COMMON: &str = r#"
put() { row "$1" "$2" "$(printf '%s' "$3" | tr '\t\n' '  ')"; }
yesno() { if "$@" >/dev/null; then echo yes; else echo no; fi; }
running() { systemctl is-active --quiet "$1.service"; }
"#;

/// The body of the preflight script of one server: it runs after [`regionctl_engine::PRELUDE`], as root, and prints rows
/// for [`super::HostProbe::read`]. It changes nothing but temporary files, which it removes, and takes a few seconds: whatever
/// waits for something (pings, downloads, synced writes) runs beside the rest. Every wait is bounded.
pub fn script(region: &Region, server: &Server) -> String {
    let mut script = begin();
    script += &pairs(region, server);
    script += "( read_sources ) &\n( read_writes ) &\n( read_packages ) &\n( read_health ) &\n";
    for server in &region.spec.network.ntp.servers {
        if let HostName::Name(name) = server {
            script += &format!("read_name {} &\n", quote(name.as_str()));
        }
    }
    script += "read_system\nread_clock\nread_hardware\nread_network\nread_foreign\n";
    script += &read_disks(server);
    for (_, brick) in region.bricks().filter(|(_, brick)| brick.server.name == server.name) {
        let place = quote(&brick.mount_point);
        script += &format!("if mountpoint -q {place}; then read_filesystem {place}; fi\n");
    }
    let modules = checks::Modules::of(region, server);
    for module in modules.now.iter().chain(&modules.later) {
        script += &format!("read_module {}\n", quote(module));
    }
    script + END
}

/// As [`script`], for a server that is installed already: without what takes seconds, such as pings, downloads and synced writes.
pub fn brief_script(server: &Server) -> String {
    begin() + "read_system\nread_network\n" + &read_disks(server) + END
}

fn begin() -> String {
    let functions = DISKS.into_iter().chain(FUNCTIONS).collect::<String>();
    format!("(\nset +eu\nrow preflight begin 1\nrow clock start \"$(date +%s.%N)\"\n{COMMON}{APT_LOCKS}{functions}")
}

const END: &str = "wait\nrow clock end \"$(date +%s.%N)\"\nrow preflight end 1\n) </dev/null 2>/dev/null\n";

/// As [`script`], for the disks alone: a moment's work, that changes nothing at all.
pub fn disks_script(server: &Server) -> String {
    let functions = DISKS.concat();
    let disks = read_disks(server);
    format!(
        "(\nset +eu\nrow preflight begin 1\n{COMMON}{functions}{disks}( read_health )\nrow preflight end 1\n) </dev/null 2>/dev/null\n"
    )
}

fn read_disks(server: &Server) -> String {
    server.disks.iter().map(|disk| format!("read_disk {}\n", quote(disk.device.as_str()))).collect()
}

/// Pings go out only from a host that has its vrack address: without it they would leave through the public network.
fn pairs(region: &Region, server: &Server) -> String {
    let own = quote(&server.vrack_address().to_string());
    let payload = vrack::payload(region);
    let mut script = format!("if has_address {own}; then\n  ( read_duplicate {own} ) &\n");
    script += "  if command -v ping >/dev/null; then\n    :\n";
    for peer in region.servers().iter().filter(|peer| peer.name != server.name) {
        let (name, address) = (quote(peer.name.as_str()), quote(&peer.vrack_address().to_string()));
        script += &format!("    read_pair {name} {address} {payload} &\n");
    }
    script + "  fi\nfi\n"
}
