//! By a unit of our own, beside whatever configures the other interfaces.

use std::fmt::Write as _;

use regionctl_engine::want::{self, Want as _};
use regionctl_plan::Resource;

use super::{Wiring, in_place};
use crate::template::fill;

pub const SCRIPT: &str = "/etc/regionctl/vrack";
pub const SERVICE: &str = "/etc/systemd/system/regionctl-vrack.service";
const UNIT: &str = "regionctl-vrack.service";

pub fn wants(wiring: &Wiring<'_>) -> Vec<Resource> {
    vec![
        want::directory("/etc/regionctl"),
        want::file(SCRIPT, script(wiring)).param("check", "sh -n \"$tmp\"").may_cut(),
        want::file(SERVICE, include_str!("templates/vrack.service")).may_cut(),
        want::unit(UNIT).enabled().active().config([SCRIPT, SERVICE]).may_cut(),
        in_place(wiring, &format!("systemctl restart {UNIT}")),
    ]
}

fn script(wiring: &Wiring<'_>) -> String {
    let mut make = String::new();
    let mut lower = wiring.card;
    if let Some((name, id)) = &wiring.vlan {
        let _ = writeln!(make, "  ip link add link {lower} name {name} type vlan id {id}");
        lower = name;
    }
    if let Some(bridge) = wiring.bridge {
        let _ = writeln!(make, "  ip link add {bridge} type bridge stp_state 0 forward_delay 0");
        let _ = writeln!(make, "  ip link set {lower} master {bridge}");
    }
    for interface in wiring.made() {
        let _ = writeln!(make, "  ip link set {interface} mtu {} up", wiring.mtu);
    }
    let made: Vec<_> = wiring.made().collect();
    let free = made.iter().map(|name| {
        format!("  [ ! -e /sys/class/net/{name} ] || {{ echo 'there is an interface {name} already, and it is not ours' >&2; exit 1; }}\n")
    });
    let free: String = free.collect();
    let unmake: String = made.iter().rev().map(|interface| format!("  ip link delete dev {interface}\n")).collect();
    let values = [
        ("card", wiring.card),
        ("mtu", &wiring.mtu.to_string()),
        ("top", wiring.top()),
        ("address", &wiring.address),
        ("free", &free),
        ("make", &make),
        ("unmake", &unmake),
    ];
    fill(include_str!("templates/vrack.sh"), &values)
}
