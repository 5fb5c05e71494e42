//! Tang, on the vrack only, where another server has encrypted disks.

use std::net::SocketAddr;

use regionctl_engine::want::{self, Want as _};

use super::places::{TANG, TANG_PORT};
use crate::template::fill;
use crate::{Host, Wanted};

/// Under which Tang runs. The package makes it as well, and leaves it behind when it goes.
const USER: &str = "_tang";
const FOLDER: &str = "/etc/systemd/system/tangd.socket.d";
const CONFIG: &str = "/etc/systemd/system/tangd.socket.d/regionctl.conf";

/// Nothing here waits for another host. Tang makes its keys when it is installed.
pub fn wants(host: &Host<'_>) -> Wanted {
    if host.others().all(|server| host.region.encrypted_disks(server).next().is_none()) {
        return Wanted::new();
    }
    let address = SocketAddr::new(host.server.vrack_address(), TANG_PORT).to_string();
    Wanted::new()
        .setting(want::user(USER).system().without_home().home("/nonexistent").shell("/usr/sbin/nologin"))
        .setting(want::directory(FOLDER))
        .setting(want::file(CONFIG, fill(include_str!("templates/socket.conf"), &[("address", &address)])))
        .packages_of(host, "disks/tang")
        .then(want::unit(TANG).enabled().active().config([CONFIG]))
}
