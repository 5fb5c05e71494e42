//! The keys and certificates that the VPN's servers need.

use regionctl_inventory::Region;
use regionctl_secrets::Spec;
use regionctl_secrets::pki::Usage;

use super::names::{AUTHORITY, TLS_CRYPT, server};

/// As long as a region may last; it is renewed on its own key.
const AUTHORITY_DAYS: u32 = 3_650;
/// Renewed by an install of the last four months.
const SERVER_DAYS: u32 = 365;
/// A common name has at most 64 characters.
const COMMON_NAME: usize = 60;

/// None without a VPN.
pub fn wanted(region: &Region) -> Vec<Spec> {
    if region.spec.vpn.is_none() {
        return Vec::new();
    }
    let name: String = region.name().chars().take(COMMON_NAME).collect();
    let authority = Spec::Authority { name: AUTHORITY.into(), common_name: format!("{name} VPN"), days: AUTHORITY_DAYS };
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
