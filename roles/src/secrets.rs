//! The secrets that a region needs.

use std::time::SystemTime;

use regionctl_inventory::Region;
use regionctl_secrets::{Made, Secrets, Spec};

use crate::disks;
use crate::vpn::{self, VpnError};

/// The key of the digests that stand for secrets in plans.
pub const SEAL_KEY: &str = "region/seal";

/// What a region's roles need among its secrets; nothing if no role needs any. Pure.
pub fn wanted(region: &Region) -> Vec<Spec> {
    let mut specs = vpn::secrets::wanted(region);
    specs.extend(disks::secrets::wanted(region));
    if !specs.is_empty() {
        specs.push(Spec::Password { name: SEAL_KEY.into(), bytes: 32 });
    }
    specs
}

/// Makes what is missing and renews what is nearly over, for the roles and for the VPN's users. Nothing is saved.
///
/// # Errors
/// Something is not possible or a stored value cannot be read. Do not save then.
pub fn ensure(region: &Region, secrets: &mut Secrets, now: SystemTime) -> Result<Vec<Made>, VpnError> {
    let specs = wanted(region);
    let mut made = regionctl_secrets::ensure(secrets, &specs, now)?;
    if let Some(vpn) = &region.spec.vpn {
        made.extend(vpn::ensure_users(vpn, secrets, now)?);
    }
    Ok(made)
}
