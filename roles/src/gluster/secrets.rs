//! The keys and certificates by which the users of volumes know each other.

use regionctl_inventory::{Region, Server};
use regionctl_secrets::Spec;
use regionctl_secrets::pki::Usage;

use super::places::users;
use crate::secrets::{authority, server_certificate};

/// The authority of the users of volumes, and of nobody else: whoever has a certificate of it gets to glusterd.
pub const AUTHORITY: &str = "gluster/ca";

/// Renewed by an install of the last twenty months. Who is connected stays so when it is over, but a server that starts then
/// finds no volume: it is valid longer than a region goes without an install.
const SERVER_DAYS: u32 = 1_825;

/// None without volumes.
pub fn wanted(region: &Region) -> Vec<Spec> {
    let users = users(region);
    if users.is_empty() {
        return Vec::new();
    }
    let certificate = |user: &Server| server_certificate(server(user.name.as_str()), AUTHORITY, user, Usage::Peer, SERVER_DAYS);
    let servers = users.into_iter().map(certificate);
    [authority(region, AUTHORITY, "GlusterFS")].into_iter().chain(servers).collect()
}

/// The name of a server's pair.
pub fn server(name: &str) -> String {
    format!("gluster/servers/{name}")
}
