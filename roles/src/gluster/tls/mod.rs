//! TLS between all that use a volume, for management and for files: without a certificate of the region's own authority
//! nobody gets to glusterd or to a brick, and nobody reads what passes.
//!
//! Gluster reads the files for each connection that begins (`ssl_setup_connection_params` in its `socket.c`) and asks nothing
//! more of one that is there: new certificates need no restart, and cut nothing.

use regionctl_engine::want;
use regionctl_secrets::{cert, key};

use super::places::users;
use super::secrets::{AUTHORITY, server};
use crate::{Host, Wanted};

/// While this file is there, whatever Gluster has on the host speaks TLS to glusterd, and glusterd speaks nothing else.
pub const SWITCH: &str = "/var/lib/glusterd/secure-access";

/// What may be in that file: certificates are by the authority itself.
const DEPTH: &str = "option transport.socket.ssl-cert-depth 1\n";

/// Before the packages, so that no glusterd ever listens without.
pub fn wants(host: &Host<'_>) -> Wanted {
    if users(host.region).iter().all(|server| server.name != host.server.name) {
        return Wanted::new();
    }
    let folder = folder(host);
    let own = server(host.name());
    let secret = |file: &str, name: &str| want::secret_file(&format!("{folder}/{file}"), &host.secret(name));
    Wanted::new()
        .setting(want::directory(folder))
        .setting(secret("glusterfs.ca", &cert(AUTHORITY)))
        .setting(secret("glusterfs.pem", &cert(&own)))
        .setting(secret("glusterfs.key", &key(&own)))
        .setting(want::directory("/var/lib/glusterd"))
        .setting(want::file(SWITCH, DEPTH).param("check", include_str!("plain.sh")))
}

/// Where Gluster looks for certificates. Management takes them from nowhere else, and Debian 12 builds it with another place
/// than Debian 13 (`strings …/rpc-transport/socket.so`).
fn folder(host: &Host<'_>) -> &'static str {
    if host.facts.os_version >= 13 { "/etc/ssl" } else { "/usr/lib/ssl" }
}
