//! Who may come in. Everything is among the secrets: a user's keys, and a register of every certificate that a user got, so
//! that revoking a user revokes those that were replaced meanwhile, too. The register also remembers whom the inventory
//! listed: who leaves the inventory is revoked, who was added by hand stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use regionctl_inventory::{Region, Vpn, VpnGroup};
use regionctl_secrets::pki::{self, Serial, Usage};
use regionctl_secrets::{Made, Secret, Secrets, SecretsError, Spec, cert};
use serde::{Deserialize, Serialize};

use super::error::VpnError;
use super::names::{AUTHORITY, REGISTER, REVOKED, TLS_CRYPT, user, user_tls_crypt};
use super::places::{self, Place};

/// OpenVPN lets nobody in once the list is over, so an install of the last four months makes a new one.
const LIST_DAYS: u32 = 365;

/// A user of the VPN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// Group and number; none in a certificate of before there were any, with which nobody comes in.
    pub place: Option<Place>,
    /// Until when the present certificate is valid, in seconds since 1970.
    pub until: u64,
    /// When the user was revoked, in seconds since 1970.
    pub revoked: Option<u64>,
}

/// A certificate that a user got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Issued {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    serial: String,
    /// In seconds since 1970.
    until: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<u64>,
    /// Whether the inventory has listed the user, so that leaving the inventory is leaving the VPN. Others were added by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    listed: bool,
}

/// Everybody who ever had a profile, by name.
///
/// # Errors
/// The register cannot be read.
pub fn list(secrets: &Secrets) -> Result<Vec<User>, VpnError> {
    let mut users: Vec<User> = Vec::new();
    for Issued { user, place, until, revoked, .. } in read(secrets)? {
        users.retain(|known| known.name != user);
        users.push(User { name: user, place, until, revoked });
    }
    users.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(users)
}

/// Makes a user of a group, or lets one in again who was revoked, with new keys; the inventory's word on the group goes before
/// this one. Nothing is saved.
///
/// # Errors
/// The region has no VPN, there is such a user, or the secrets cannot be made.
pub fn add(region: &Region, secrets: &mut Secrets, name: &str, group: VpnGroup, now: SystemTime) -> Result<Vec<Made>, VpnError> {
    let vpn = region.spec.vpn.as_ref().ok_or(VpnError::None)?;
    let known = list(secrets)?;
    let group = listed(vpn).get(name).copied().unwrap_or(group);
    let place = place(region, &known, name, group)?;
    let mut made = Vec::new();
    match known.into_iter().find(|known| known.name == name) {
        Some(User { revoked: None, .. }) => return Err(VpnError::Known(name.to_owned())),
        // A revoked key is of no more use.
        Some(_) => {
            for spec in specs(vpn, name, place) {
                made.extend(regionctl_secrets::renew(secrets, &spec, now)?);
            }
        }
        None => made.extend(regionctl_secrets::ensure(secrets, &specs(vpn, name, place), now)?),
    }
    made.extend(settle(secrets, &[(name.to_owned(), place)].into(), &BTreeMap::new(), now)?);
    Ok(made)
}

/// Makes a user's keys anew and revokes the old ones. Nothing is saved; the servers know after the next install.
///
/// # Errors
/// The region has no VPN, or no such user who may come in.
pub fn renew(region: &Region, secrets: &mut Secrets, name: &str, now: SystemTime) -> Result<Vec<Made>, VpnError> {
    let vpn = region.spec.vpn.as_ref().ok_or(VpnError::None)?;
    let (all, listed) = (list(secrets)?, listed(vpn));
    let known = all.iter().find(|known| known.name == name).ok_or_else(|| VpnError::Unknown(name.to_owned()))?;
    if known.revoked.is_some() {
        return Err(VpnError::Revoked(name.to_owned()));
    }
    let place = place(region, &all, name, group(known, &listed))?;
    let mut made = vec![mark(secrets, &[name.to_owned()], now)?];
    for spec in specs(vpn, name, place) {
        made.extend(regionctl_secrets::renew(secrets, &spec, now)?);
    }
    made.extend(settle(secrets, &[(name.to_owned(), place)].into(), &listed, now)?);
    Ok(made)
}

/// Revokes every certificate of a user. Nothing is saved; the servers know after the next install.
///
/// # Errors
/// There is no such user, or one who was revoked before.
pub fn revoke(secrets: &mut Secrets, name: &str, now: SystemTime) -> Result<Vec<Made>, VpnError> {
    let known = list(secrets)?.into_iter().find(|known| known.name == name);
    if known.ok_or_else(|| VpnError::Unknown(name.to_owned()))?.revoked.is_some() {
        return Err(VpnError::Revoked(name.to_owned()));
    }
    let mut made = vec![mark(secrets, &[name.to_owned()], now)?];
    made.extend(settle(secrets, &BTreeMap::new(), &BTreeMap::new(), now)?);
    Ok(made)
}

/// Users whom the inventory listed and lists no more, and who could still come in: [`ensure`] revokes them.
///
/// # Errors
/// The register cannot be read.
pub fn leavers(vpn: &Vpn, secrets: &Secrets) -> Result<Vec<String>, VpnError> {
    let (listed, register) = (listed(vpn), read(secrets)?);
    let last = |name: &String| register.iter().rfind(|issued| issued.user == *name);
    let names: BTreeSet<_> = register.iter().map(|issued| &issued.user).filter(|name| !listed.contains_key(*name)).collect();
    let leaves = |name: &&String| last(name).is_some_and(|issued| issued.listed && issued.revoked.is_none());
    Ok(names.into_iter().filter(leaves).cloned().collect())
}

/// Users whom the inventory lists and who were revoked: they stay out until they are added again.
///
/// # Errors
/// The register cannot be read.
pub fn kept_out(vpn: &Vpn, secrets: &Secrets) -> Result<Vec<String>, VpnError> {
    let listed = listed(vpn);
    let revoked = list(secrets)?.into_iter().filter(|user| user.revoked.is_some() && listed.contains_key(&user.name));
    Ok(revoked.map(|user| user.name).collect())
}

/// Makes what the users need who may come in: those of the inventory and those who were added, unless they were revoked.
/// Revokes those who left the inventory, and what those had who are in another group now. Renews certificates, and the list of
/// revoked ones. Nothing is saved; without a VPN nothing is made.
///
/// # Errors
/// The secrets cannot be made or read, or a group is larger than its addresses.
pub fn ensure(region: &Region, secrets: &mut Secrets, now: SystemTime) -> Result<Vec<Made>, VpnError> {
    let Some(vpn) = &region.spec.vpn else { return Ok(Vec::new()) };
    let (left, listed) = (leavers(vpn, secrets)?, listed(vpn));
    let mut made = Vec::new();
    if !left.is_empty() {
        made.push(mark(secrets, &left, now)?);
    }
    let mut known = list(secrets)?;
    let new = listed.keys().filter(|name| !known.iter().any(|user| user.name == **name));
    let new: Vec<_> = new.map(|name| User { name: name.clone(), place: None, until: 0, revoked: None }).collect();
    known.extend(new);
    let (mut places, mut moved) = (BTreeMap::new(), Vec::new());
    for position in 0..known.len() {
        let Some(user) = known.get(position).filter(|user| user.revoked.is_none()) else { continue };
        let (name, place) = (user.name.clone(), place(region, &known, &user.name, group(user, &listed))?);
        if user.place.is_some_and(|old| old != place) {
            moved.push(name.clone());
        }
        if let Some(user) = known.get_mut(position) {
            user.place = Some(place);
        }
        places.insert(name, place);
    }
    if !moved.is_empty() {
        made.push(mark(secrets, &moved, now)?);
    }
    let specs: Vec<_> = places.iter().flat_map(|(name, place)| specs(vpn, name, *place)).collect();
    made.extend(regionctl_secrets::ensure(secrets, &specs, now)?);
    made.extend(settle(secrets, &places, &listed, now)?);
    Ok(made)
}

/// Whom the inventory lists, with the group.
fn listed(vpn: &Vpn) -> BTreeMap<String, VpnGroup> {
    vpn.users.iter().map(|user| (user.name.to_string(), user.group)).collect()
}

/// The group that a user is in now.
fn group(user: &User, listed: &BTreeMap<String, VpnGroup>) -> VpnGroup {
    listed.get(&user.name).copied().or(user.place.map(|place| place.group)).unwrap_or_default()
}

/// A user's place in a group: the same as before, or one that nobody had yet, so that an address in a log tells who it was;
/// when all are used up, one of somebody who does not come any more.
fn place(region: &Region, known: &[User], name: &str, group: VpnGroup) -> Result<Place, VpnError> {
    let room = places::room(region, group);
    let fits = |place: &Place| place.group == group && u64::from(place.number) < room;
    if let Some(place) = known.iter().find(|user| user.name == name).and_then(|user| user.place).filter(fits) {
        let others = known.iter().filter(|user| user.name != name && user.revoked.is_none());
        if others.clone().all(|user| user.place != Some(place)) {
            return Ok(place);
        }
    }
    let taken = |also_revoked: bool| -> BTreeSet<u32> {
        let users = known.iter().filter(|user| user.name != name && (also_revoked || user.revoked.is_none()));
        users.filter_map(|user| user.place).filter(|place| place.group == group).map(|place| place.number).collect()
    };
    let free = |taken: &BTreeSet<u32>| (0..u32::try_from(room).unwrap_or(u32::MAX)).find(|number| !taken.contains(number));
    let number = free(&taken(true)).or_else(|| free(&taken(false)));
    number.map(|number| Place { group, number }).ok_or(VpnError::Full { group, room })
}

/// Marks every certificate of these users as revoked.
fn mark(secrets: &mut Secrets, names: &[String], now: SystemTime) -> Result<Made, VpnError> {
    let mut register = read(secrets)?;
    for issued in register.iter_mut().filter(|issued| names.contains(&issued.user)) {
        issued.revoked.get_or_insert(seconds(now));
    }
    write(secrets, &register, now)
}

/// Says why a user may not come in.
///
/// # Errors
/// The reason.
pub(super) fn may_come_in(secrets: &Secrets, name: &str, now: SystemTime) -> Result<(), VpnError> {
    let known = list(secrets)?.into_iter().find(|known| known.name == name);
    match known {
        None => Err(VpnError::Unknown(name.to_owned())),
        Some(User { revoked: Some(_), .. }) => Err(VpnError::Revoked(name.to_owned())),
        Some(User { until, .. }) if until <= seconds(now) => Err(VpnError::Over(name.to_owned())),
        Some(_) => Ok(()),
    }
}

fn specs(vpn: &Vpn, name: &str, place: Place) -> [Spec; 2] {
    [
        Spec::Certificate {
            name: user(name),
            authority: AUTHORITY.into(),
            common_name: name.to_owned(),
            unit: Some(place.to_string()),
            names: Vec::new(),
            days: vpn.certificate_days.into(),
            usage: Usage::Client,
        },
        Spec::TlsCryptV2Client { name: user_tls_crypt(name), server: TLS_CRYPT.into() },
    ]
}

/// Enters new certificates of these users, remembers whom the inventory lists, forgets what is over, and makes the list of
/// revoked certificates.
fn settle(
    secrets: &mut Secrets,
    places: &BTreeMap<String, Place>,
    listed: &BTreeMap<String, VpnGroup>,
    now: SystemTime,
) -> Result<Vec<Made>, VpnError> {
    let old = read(secrets)?;
    let mut register = old.clone();
    for (name, place) in places {
        let Some(entry) = secrets.get(&cert(&user(name))) else { continue };
        let about = pki::read(entry.value.reveal()).map_err(|source| SecretsError::Pki { name: user(name), source })?;
        let serial = about.serial.to_string();
        match register.iter_mut().find(|issued| issued.serial == serial) {
            Some(issued) => issued.place = Some(*place),
            None => {
                let (user, place) = (name.clone(), Some(*place));
                register.push(Issued { user, place, serial, until: about.not_after, revoked: None, listed: false });
            }
        }
    }
    for issued in register.iter_mut().filter(|issued| issued.revoked.is_none() && listed.contains_key(&issued.user)) {
        issued.listed = true;
    }
    // The last one of a user stays: it says that there is one, and whether they were revoked.
    let last: BTreeSet<String> = {
        let last = |name: &str| register.iter().rfind(|issued| issued.user == name).map(|issued| issued.serial.clone());
        register.iter().filter_map(|issued| last(&issued.user)).collect()
    };
    register.retain(|issued| issued.until > seconds(now) || last.contains(&issued.serial));
    let mut made = Vec::new();
    if register != old {
        made.push(write(secrets, &register, now)?);
    }
    let revoked = register.iter().filter(|issued| issued.until > seconds(now));
    let revoked = revoked.filter_map(|issued| Some((issued, issued.revoked?)));
    let revoked = revoked.map(|(issued, at)| Ok((issued.serial.parse::<Serial>().map_err(|_| VpnError::Register)?, at)));
    let list = Spec::RevocationList {
        name: REVOKED.into(),
        authority: AUTHORITY.into(),
        revoked: revoked.collect::<Result<_, VpnError>>()?,
        days: LIST_DAYS,
    };
    made.extend(regionctl_secrets::ensure(secrets, &[list], now)?);
    Ok(made)
}

/// The register, in the order in which certificates were made. A damaged one is no empty one: it would let people in.
fn read(secrets: &Secrets) -> Result<Vec<Issued>, VpnError> {
    let Some(entry) = secrets.get(REGISTER) else { return Ok(Vec::new()) };
    serde_json::from_str(entry.value.reveal()).map_err(|_| VpnError::Register)
}

fn write(secrets: &mut Secrets, register: &[Issued], now: SystemTime) -> Result<Made, VpnError> {
    let why = if secrets.get(REGISTER).is_some() { regionctl_secrets::Why::Changed } else { regionctl_secrets::Why::Missing };
    let text = serde_json::to_string(register).map_err(|_| VpnError::Register)?;
    let version = secrets.put_at(REGISTER, Secret::new(text), None, now)?;
    Ok(Made { name: REGISTER.to_owned(), version, why })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
