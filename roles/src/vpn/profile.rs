//! What a user gives to an OpenVPN client: one file with everything.

use std::time::SystemTime;

use regionctl_inventory::Region;
use regionctl_secrets::{Secret, Secrets, cert, key};

use super::error::VpnError;
use super::names::{AUTHORITY, user, user_tls_crypt};
use super::users;
use crate::template::fill;

/// The profile of a user, with every server of the VPN: a client goes to the next one when one does not answer.
///
/// # Errors
/// The region has no VPN, or no such user who may come in.
pub fn profile(region: &Region, secrets: &Secrets, name: &str, now: SystemTime) -> Result<Secret<String>, VpnError> {
    let vpn = region.spec.vpn.as_ref().ok_or(VpnError::None)?;
    users::may_come_in(secrets, name, now)?;
    let remote = |server: &&regionctl_inventory::Server| format!("remote {} {} {}\n", server.address, vpn.port, vpn.protocol);
    let remotes: String = region.vpn_servers().iter().map(remote).collect();
    let value = |entry: &str| {
        let entry = secrets.get(entry).ok_or_else(|| VpnError::Unknown(name.to_owned()))?;
        Ok::<_, VpnError>(entry.value.reveal().trim().to_owned())
    };
    let values = [
        ("user", name.to_owned()),
        ("region", region.name().to_owned()),
        ("remotes", remotes),
        ("ca", value(&cert(AUTHORITY))?),
        ("cert", value(&cert(&user(name)))?),
        ("key", value(&key(&user(name)))?),
        ("tls_crypt", value(&user_tls_crypt(name))?),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    Ok(Secret::new(fill(include_str!("templates/profile.ovpn"), &values)))
}
