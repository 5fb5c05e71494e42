//! The keys and certificates that the VPN's servers need.

use regionctl_inventory::{Region, Server};
use regionctl_secrets::Spec;
use regionctl_secrets::pki::Usage;

use super::names::{AUTHORITY, TLS_CRYPT, server};
use crate::secrets::{authority, server_certificate};

/// Renewed by an install of the last four months.
const SERVER_DAYS: u32 = 365;

/// None without a VPN.
pub fn wanted(region: &Region) -> Vec<Spec> {
    if region.spec.vpn.is_none() {
        return Vec::new();
    }
    let authority = authority(region, AUTHORITY, "VPN");
    let certificate = |of: &&Server| server_certificate(server(of.name.as_str()), AUTHORITY, of, Usage::Server, SERVER_DAYS);
    let servers = region.vpn_servers();
    let servers = servers.iter().map(certificate);
    [authority, Spec::TlsCryptV2 { name: TLS_CRYPT.into() }].into_iter().chain(servers).collect()
}
