//! glusterd on the servers with bricks.

mod geo_replication;
mod identity;

use regionctl_engine::want::{self, Want as _};

use super::places::{GLUSTERD, bricks_on};
use super::tls;
use crate::template::fill;
use crate::{Host, Wanted};

const FOLDER: &str = "/etc/systemd/system/glusterd.service.d";
const CONFIG: &str = "/etc/systemd/system/glusterd.service.d/regionctl.conf";
/// Why it does not start stands there and not in the journal.
const LOG: &str = "/var/log/glusterfs/glusterd.log";
const BRICKS: &str = "regionctl-bricks.service";

/// The daemon, reached from the vrack only, and the way bricks are stopped.
pub fn wants(host: &Host<'_>) -> Wanted {
    if bricks_on(host).is_empty() {
        return Wanted::new();
    }
    let vrack = host.region.spec.network.vrack.cidr.to_string();
    Wanted::new()
        .setting(want::directory(FOLDER))
        .setting(want::file(CONFIG, fill(include_str!("templates/glusterd.conf"), &[("vrack", &vrack)])))
        .setting(want::file("/etc/systemd/system/regionctl-bricks.service", include_str!("templates/bricks.service")))
        .setting(want::directory("/var/lib/glusterd"))
        .setting(identity::given(host))
        .setting(geo_replication::taken_away())
        .packages_of(host, "gluster/server")
        .then(want::unit(GLUSTERD).enabled().active().config([CONFIG, tls::SWITCH]).log([LOG]))
        .then(want::unit(BRICKS).enabled().active())
}
