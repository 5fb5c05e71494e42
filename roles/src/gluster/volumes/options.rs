//! The options of a volume: ours, each with its reason, and the inventory's, which win.

use std::collections::BTreeMap;

use regionctl_inventory::{Region, Volume};

use crate::gluster::places::users_of;

/// By name.
pub fn options(volume: &Volume, region: &Region) -> BTreeMap<String, String> {
    let users = users_of(volume, region).into_iter().map(|server| server.vrack_address().to_string());
    let users = users.collect::<Vec<_>>().join(",");
    let ours = [
        // Nobody else on the vrack can mount.
        ("auth.allow", users.as_str()),
        // A client writes only where it reaches two of the three copies: this is what keeps copies from going apart.
        ("cluster.quorum-type", "auto"),
        // A server that has lost most of the pool stops serving its bricks.
        ("cluster.server-quorum-type", "server"),
        // How long files stand still when a server is lost, in seconds. 42 is longer than most timeouts of what runs here, and
        // below 10 a busy network looks like a lost server. The profile `virt` of Gluster has 20 for this and the next.
        ("network.ping-timeout", "20"),
        ("server.tcp-user-timeout", "20"),
    ];
    let ours = ours.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let theirs = volume.options.iter().map(|(name, value)| (name.clone(), value.clone()));
    ours.chain(theirs).collect()
}
