//! The servers with bricks know each other, by their names.

use regionctl_engine::want;
use regionctl_plan::Id;

use super::places::{GLUSTERD, is_coordinator, pool};
use crate::{Host, Wanted};

/// The coordinator probes the others, each once its glusterd runs.
pub fn wants(host: &Host<'_>) -> Wanted {
    if !is_coordinator(host) {
        return Wanted::new();
    }
    let others = pool(host.region).into_iter().filter(|server| server.name != host.server.name);
    let peer = |server: &regionctl_inventory::Server| {
        want::gluster_peer(server.name.as_str()).wait(server.name.as_str(), Id::new("unit", GLUSTERD))
    };
    Wanted::new().then_all(others.map(peer))
}
