//! Tang, on the vrack only, where another server has encrypted disks.

use std::net::SocketAddr;

use regionctl_engine::want::{self, Want as _};
use regionctl_secrets::{exchange, sign};

use super::places::{TANG, TANG_PORT, is_asked, tang_keys};
use crate::template::fill;
use crate::{Host, Wanted};

/// Under which Tang runs. The package makes it as well, and leaves it behind when it goes.
const USER: &str = "_tang";
const FOLDER: &str = "/etc/systemd/system/tangd.socket.d";
const CONFIG: &str = "/etc/systemd/system/tangd.socket.d/regionctl.conf";

/// Where Tang keeps its keys: every file that ends with `.jwk`. While there is one it makes none itself.
const KEYS: &str = "/var/lib/tang";

/// Nothing here waits for another host. The keys are the region's, so that the others know them before they ask, and a server
/// that is made anew still opens what it opened.
pub fn wants(host: &Host<'_>) -> Wanted {
    if !is_asked(host.region, host.server) {
        return Wanted::new();
    }
    let own = tang_keys(host.server);
    let secret = |file: &str, name: &str| want::secret_file(&format!("{KEYS}/{file}"), &host.secret(name));
    let key = |file, name| secret(file, name).owner(USER).group(USER).mode("0440");
    let address = SocketAddr::new(host.server.vrack_address(), TANG_PORT).to_string();
    Wanted::new()
        .setting(want::user(USER).system().without_home().home("/nonexistent").shell("/usr/sbin/nologin"))
        .setting(want::directory(FOLDER))
        .setting(want::file(CONFIG, fill(include_str!("templates/socket.conf"), &[("address", &address)])))
        .setting(want::directory(KEYS).owner(USER).group(USER).mode("0750"))
        .setting(key("region-sign.jwk", &sign(&own)))
        .setting(key("region-exchange.jwk", &exchange(&own)))
        .packages_of(host, "disks/tang")
        .then(want::unit(TANG).enabled().active().config([CONFIG]))
}
