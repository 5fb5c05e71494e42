//! The keys and certificates that the VPN's servers need.

use regionctl_inventory::Region;
use regionctl_secrets::Spec;
use regionctl_secrets::pki::Usage;

use super::names::{AUTHORITY, TLS_CRYPT, server};
use crate::secrets::authority;

/// Renewed by an install of the last four months.
const SERVER_DAYS: u32 = 365;

/// None without a VPN.
pub fn wanted(region: &Region) -> Vec<Spec> {
    if region.spec.vpn.is_none() {
        return Vec::new();
    }
    let authority = authority(region, AUTHORITY, "VPN");
    let certificate = |name: &str| Spec::Certificate {
        name: server(name),
        authority: AUTHORITY.into(),
        common_name: name.to_owned(),
        unit: None,
        names: Vec::new(),
        days: SERVER_DAYS,
        usage: Usage::Server,
    };
    let servers = region.vpn_servers();
    let servers = servers.iter().map(|server| certificate(server.name.as_str()));
    [authority, Spec::TlsCryptV2 { name: TLS_CRYPT.into() }].into_iter().chain(servers).collect()
}
