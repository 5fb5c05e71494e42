//! In the words of ifupdown2, which takes away by itself what left its files.

use std::fmt::Write as _;

use regionctl_engine::want::{self, Want as _};
use regionctl_plan::Resource;

use super::{Wiring, in_place};

pub const FILE: &str = "/etc/network/interfaces.d/regionctl-vrack";
const SOURCE: &str = "source /etc/network/interfaces.d/*";

pub fn wants(wiring: &Wiring<'_>) -> Vec<Resource> {
    let source = want::line_matching(
        "/etc/network/interfaces",
        "source",
        r"^[[:space:]]*source(-directory)?[[:space:]]+(/etc/network/)?interfaces\.d",
        SOURCE,
    );
    vec![
        want::directory("/etc/network/interfaces.d"),
        source.may_cut(),
        want::file(FILE, stanzas(wiring)).may_cut(),
        want::unit("networking.service").enabled().active().config([FILE]).reload().may_cut(),
        // It may fail for another interface: what follows tells whether ours is there.
        in_place(wiring, "ifreload -a || :"),
    ]
}

fn stanzas(wiring: &Wiring<'_>) -> String {
    let mut text = "# Written by regionctl.\n".to_owned();
    text += &stanza(wiring, wiring.card, &[]);
    if let Some((name, id)) = &wiring.vlan {
        text += &stanza(wiring, name, &[("vlan-id", &id.to_string()), ("vlan-raw-device", wiring.card)]);
    }
    if let (Some(bridge), Some(port)) = (wiring.bridge, wiring.port()) {
        text += &stanza(wiring, bridge, &[("bridge-ports", port), ("bridge-stp", "off"), ("bridge-fd", "0")]);
    }
    text
}

fn stanza(wiring: &Wiring<'_>, interface: &str, options: &[(&str, &str)]) -> String {
    let method = if interface == wiring.top() { "static" } else { "manual" };
    let mut text = format!("\nauto {interface}\niface {interface} inet {method}\n");
    if interface == wiring.top() {
        let _ = writeln!(text, "    address {}", wiring.address);
    }
    for (option, value) in options {
        let _ = writeln!(text, "    {option} {value}");
    }
    let _ = writeln!(text, "    mtu {}", wiring.mtu);
    text
}
