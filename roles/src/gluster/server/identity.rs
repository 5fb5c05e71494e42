//! The id by which the servers of a pool know each other is the region's to give: a server whose system is newly installed is taken back
//! by the others as the one that it was, with the bricks on its disks, and no two servers have the same.
//!
//! A glusterd that starts with its id and those of the others is a member from the start: "Peer Rejected" is what the others say to one
//! that does not know them (`glusterd_handle_friend_req` in its `glusterd-handler.c`).

use regionctl_engine::want::{self, Undo};
use regionctl_inventory::Region;
use regionctl_plan::{Resource, quote, sha256};

use crate::Host;
use crate::gluster::places::pool;
use crate::template::fill;

/// Only a glusterd that knows nobody gets another id: a pool that is there stays as it is.
const CHECK: &str = "grep -qs '^UUID=' /var/lib/glusterd/glusterd.info && { [ -z {{others}} ] || [ -n \"$(ls /var/lib/glusterd/peers 2>/dev/null)\" ]; }";

/// Before the package, whose glusterd would give itself an id when it first starts.
pub fn given(host: &Host<'_>) -> Resource {
    let own = id(host.region, host.name());
    let others = pool(host.region).into_iter().map(|server| server.name.as_str()).filter(|name| *name != host.name());
    let others: String = others.map(|name| format!("{} {name}\n", id(host.region, name))).collect();
    let others = quote(&others);
    let values = [("own", own.as_str()), ("version", version(host.facts.os_version)), ("others", &others)];
    let command = want::Command {
        run: &fill(include_str!("templates/identity.sh"), &values),
        check: &fill(CHECK, &[("others", &others)]),
        guard: ":",
        undo: Undo::Run(include_str!("templates/no-identity.sh")),
    };
    want::command("the server has its id among Gluster's servers", command)
}

/// What a new glusterd can at most, and begins with: `GD_OP_VERSION_MAX` of 10.3 in Debian 12 and 11.1 in Debian 13. The servers of a
/// pool agree on less, where one can less.
fn version(debian: u32) -> &'static str {
    if debian >= 13 { "110000" } else { "100000" }
}

/// The same for a server of a region at any time, and for no other: 128 bits in the form of RFC 9562, version 8.
fn id(region: &Region, server: &str) -> String {
    let digest = sha256(format!("gluster {} {} {server}", region.name(), region.domain()).as_bytes());
    format!("{}-{}-8{}-8{}-{}", &digest[..8], &digest[8..12], &digest[13..16], &digest[17..20], &digest[20..32])
}
