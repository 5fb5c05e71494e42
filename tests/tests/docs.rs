//! The pages of the book that are made from the code are as the code is now; `make docs` writes them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

use std::path::Path;

fn page(name: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src").join(name);
    if std::env::var_os("REGIONCTL_BLESS").is_some() {
        std::fs::write(&path, content).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == content, "docs/src/{name} is out of date: run `make docs`");
}

#[test]
fn the_inventory_reference() {
    page("inventory.md", &regionctl_inventory::reference());
}

#[test]
fn who_reaches_what() {
    page("ports.md", &format!("{PORTS}{}", regionctl_roles::listeners_reference()));
}

const PORTS: &str = "# Who reaches what

With `spec.network.firewall` a server drops what is not in this table, on the vrack and through the VPN as well: being in the private network is no reason
to be let in. Addresses decide, and each can come from one side only: what is private is dropped where strangers are, and a user of the VPN has one
address at each of its servers. Every server answers ICMP. `spec.network.firewall.open` opens ports of programs that regionctl knows nothing of.

What the servers forward is not judged, but for two things: nobody outside reaches the private networks, unless a forwarded address or a
service of Kubernetes brings them there; and what [users of the VPN](vpn.md) reach depends on their group.

";

#[test]
fn the_preflight_checks() {
    let intro = "# Preflight checks\n\nRead-only, reported all together. An error stops an install, unless its name is given to `--allow`.\n\n";
    page("preflight.md", &format!("{intro}{}", regionctl_roles::preflight::reference()));
}
