//! The servers with bricks know each other, by their names, and each is connected to all others.

use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_engine::{GLUSTER, GLUSTER_ASK, PRELUDE};
use regionctl_inventory::Server;
use regionctl_plan::{Id, Resource, quote};

use super::places::{GLUSTERD, coordinator, is_coordinator, pool};
use crate::{Host, Wanted};

/// How long a server may take to find the others, in seconds: glusterd tries again every few seconds.
const PATIENCE: u32 = 120;

/// The coordinator probes the others, each once its glusterd runs. The others then look for themselves: a connection is two,
/// and the one back may be missing, as after a power cut.
pub fn wants(host: &Host<'_>) -> Wanted {
    let pool = pool(host.region);
    if is_coordinator(host) {
        let others = pool.into_iter().filter(|server| server.name != host.server.name);
        return Wanted::new().then_all(others.map(|server| probed(server).wait(server.name.as_str(), Id::new("unit", GLUSTERD))));
    }
    let Some(coordinator) = coordinator(host.region).filter(|_| pool.iter().any(|server| server.name == host.server.name)) else {
        return Wanted::new();
    };
    let others = pool.iter().filter(|server| server.name != coordinator.name);
    let connected = connected(pool.len(), pool.iter().filter(|server| server.name != host.server.name));
    Wanted::new().then(others.fold(connected, |resource, other| resource.wait(coordinator.name.as_str(), probed(other).id)))
}

fn probed(server: &Server) -> Resource {
    want::gluster_peer(server.name.as_str())
}

/// A server that was made known by another name, too, is looked for by that one, which may lead nowhere any more.
fn connected<'a>(servers: usize, others: impl Iterator<Item = &'a &'a Server>) -> Resource {
    let names: String = others.map(|server| format!("  gluster_one_name {}\n", quote(server.name.as_str()))).collect();
    let connected = format!(
        r#"connected() {{ {GLUSTER_ASK} pool list 2>/dev/null | awk '$NF == "Connected" {{ n++ }} END {{ exit n != {servers} }}'; }}
"#
    );
    let command = want::Command {
        run: &format!(
            "{PRELUDE}{GLUSTER}{connected}gluster_comes_back 20 connected || {{\n{names}}}\nuntil_true {PATIENCE} '{servers} connected servers; see: gluster pool list' connected\n"
        ),
        check: &format!("{connected}connected"),
        guard: ":",
        undo: Undo::Impossible("the servers part when the coordinator detaches them"),
    };
    want::command("the Gluster servers are connected", command).flapping()
}
