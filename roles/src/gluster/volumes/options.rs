//! The options of a volume: ours, each with its reason, and the inventory's, which win.

use std::collections::BTreeMap;

use regionctl_inventory::{Region, Volume};

use crate::gluster::places::users_of;

/// Bricks and mounts know these from their start only.
pub const BEFORE_START: [&str; 2] = ["client.ssl", "server.ssl"];

/// By name.
pub fn options(volume: &Volume, region: &Region) -> BTreeMap<String, String> {
    let users = users_of(volume, region);
    let addresses = users.iter().map(|server| server.vrack_address().to_string()).collect::<Vec<_>>().join(",");
    let names = users.iter().map(|server| server.name.as_str()).collect::<Vec<_>>().join(",");
    let ours = [
        // Nobody else on the vrack can mount, whatever certificate they have.
        ("auth.allow", addresses.as_str()),
        // By the common names of their certificates.
        ("auth.ssl-allow", names.as_str()),
        ("client.ssl", "on"),
        ("server.ssl", "on"),
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
