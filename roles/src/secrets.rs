//! The secrets that a region needs.

use std::collections::BTreeMap;
use std::time::SystemTime;

use regionctl_inventory::{Region, Server};
use regionctl_secrets::pki::Usage;
use regionctl_secrets::{Made, Secrets, SecretsError, Spec, tang};

use crate::vpn::names::{self, REGISTER, REVOKED};
use crate::vpn::{self, VpnError};
use crate::{disks, gluster};

/// The key of the digests that stand for secrets in plans.
pub const SEAL_KEY: &str = "region/seal";

/// As long as a region may last; an authority is renewed on its own key.
const AUTHORITY_DAYS: u32 = 3_650;
/// The most characters of a common name (RFC 5280, `ub-common-name`).
const COMMON_NAME: usize = 64;

/// What a region's roles need among its secrets; nothing if no role needs any. Pure.
pub fn wanted(region: &Region) -> Vec<Spec> {
    let mut specs = vpn::secrets::wanted(region);
    specs.extend(disks::secrets::wanted(region));
    specs.extend(gluster::secrets::wanted(region));
    if !specs.is_empty() {
        specs.push(Spec::Password { name: SEAL_KEY.into(), bytes: 32 });
    }
    specs
}

/// What roles may know of a region's secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The version of each, by name; of others the first is wanted, which is not made yet.
    pub versions: BTreeMap<String, u64>,
    /// What signing keys are known by: their thumbprints (RFC 7638), by name.
    pub thumbprints: BTreeMap<String, String>,
}

/// What roles may know of these.
pub fn known(secrets: &Secrets) -> Known {
    let versions = secrets.entries().map(|(name, entry)| (name.to_owned(), entry.version));
    let signing = secrets.entries().filter(|(name, _)| disks::is_signing_key(name));
    let thumbprints = signing.filter_map(|(name, entry)| Some((name.to_owned(), tang::thumbprint_of(&entry.value)?)));
    Known { versions: versions.collect(), thumbprints: thumbprints.collect() }
}

/// An authority of the region's own, for one purpose.
pub(crate) fn authority(region: &Region, name: &str, purpose: &str) -> Spec {
    let called: String = region.name().chars().take(COMMON_NAME - purpose.len() - 1).collect();
    Spec::Authority { name: name.into(), common_name: format!("{called} {purpose}"), days: AUTHORITY_DAYS }
}

/// A server's certificate by such an authority, in its own name.
pub(crate) fn server_certificate(entry: String, authority: &str, server: &Server, usage: Usage, days: u32) -> Spec {
    let (authority, common_name) = (authority.to_owned(), server.name.to_string());
    Spec::Certificate { name: entry, authority, common_name, unit: None, names: Vec::new(), days, usage }
}

/// Makes what is missing and renews what is nearly over, for the roles and for the VPN's users. Nothing is saved.
///
/// # Errors
/// Something is not possible or a stored value cannot be read. Do not save then.
pub fn ensure(region: &Region, secrets: &mut Secrets, now: SystemTime) -> Result<Vec<Made>, VpnError> {
    let specs = wanted(region);
    let mut made = regionctl_secrets::ensure(secrets, &specs, now)?;
    made.extend(vpn::ensure_users(region, secrets, now)?);
    Ok(made)
}

/// Why a secret is not made anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenewError {
    /// Nothing of that name is made here.
    #[error("there is no secret `{0}` that could be made anew")]
    Unknown(String),
    /// It follows from others.
    #[error("the secret `{0}` follows from others and is made with them")]
    Follows(String),
    /// A user of the VPN.
    #[error(transparent)]
    Vpn(#[from] VpnError),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

/// Makes one secret anew, by the name of its entry or without the final `/key` or `/cert`, because somebody saw it who should
/// not. What a user of the VPN had is revoked. Nothing is saved; the next install makes anew what was made with it, and brings
/// all of it to the servers.
///
/// # Errors
/// There is no such secret, or it cannot be made.
pub fn renew(region: &Region, secrets: &mut Secrets, name: &str, now: SystemTime) -> Result<Vec<Made>, RenewError> {
    if [REGISTER, REVOKED].contains(&name) {
        return Err(RenewError::Follows(name.to_owned()));
    }
    if let Some(user) = names::user_of(name) {
        return Ok(vpn::renew_user(region, secrets, user, now)?);
    }
    let spec = wanted(region).into_iter().find(|spec| is_renewable(spec) && is_called(spec, name));
    let spec = spec.ok_or_else(|| RenewError::Unknown(name.to_owned()))?;
    Ok(regionctl_secrets::renew(secrets, &spec, now)?)
}

/// A password may be the one that something on a host was made with: only the host can give it another.
fn is_renewable(spec: &Spec) -> bool {
    !matches!(spec, Spec::Password { name, .. } if name != SEAL_KEY)
}

fn is_called(spec: &Spec, name: &str) -> bool {
    name == spec.name() || spec.entries().iter().any(|entry| entry == name)
}

#[cfg(test)]
mod tests;
