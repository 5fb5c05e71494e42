//! Whether the vrack carries packets of its full size between the servers: the last word on a server's place there.

use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_plan::Resource;

use crate::Host;
use crate::template::fill;

/// The bytes of a packet that are not ping's: 20 of IPv4, 8 of ICMP.
const HEADERS: u16 = 28;

/// Nothing, for a server that is alone.
pub fn wants(host: &Host<'_>) -> Option<Resource> {
    let others: Vec<_> = host.others().map(|server| server.vrack_address().to_string()).collect();
    if others.is_empty() {
        return None;
    }
    let payload = host.region.spec.network.vrack.mtu.saturating_sub(HEADERS).to_string();
    let ask = fill(include_str!("templates/pairs.sh"), &[("others", &others.join(" ")), ("payload", &payload)]);
    let command = want::Command {
        // Well inside the window, so that what is said gets back.
        run: &format!(
            "end=$(($(date +%s) + 30))\nuntil said=$( ({ask}) 2>&1 ); do\n  \
             [ \"$(date +%s)\" -lt \"$end\" ] || {{ echo \"$said\" >&2; exit 1; }}\n  sleep 0.5\ndone"
        ),
        check: &ask,
        guard: ":",
        undo: Undo::Run(":"),
    };
    let asks = want::command("the other servers answer full packets over the vrack", command).may_cut();
    // Both ends must be there before one asks the other.
    let place = super::place();
    Some(host.others().fold(asks, |asks, other| asks.wait(other.name.as_str(), place.clone())))
}
