//! Making what is missing.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::error::SecretsError;
use crate::name::{cert, exchange, key, sign};
use crate::pki::{self, About, Pair, Request};
use crate::random;
use crate::secret::Secret;
use crate::spec::{Made, Spec, Why};
use crate::store::{Secrets, seconds};
use crate::tang::{self, Use};
use crate::tls_crypt::{self, Metadata};

const DAY: u64 = 86_400;

/// Makes what is wanted and missing, renews certificates that have less than a third of their life left, and those that no
/// longer say what they should; the order of `specs` does not matter. What is as wanted stays as it is, and so does all that
/// nobody wants. An authority is renewed on its own key, so that what it signed stays valid. Nothing is saved.
///
/// # Errors
/// Something is not possible or a stored value cannot be read. Do not save then: what came before it was made in memory.
pub fn ensure(secrets: &mut Secrets, specs: &[Spec], now: SystemTime) -> Result<Vec<Made>, SecretsError> {
    let mut made = Vec::new();
    for spec in specs.iter().filter(|spec| spec.is_source()).chain(specs.iter().filter(|spec| !spec.is_source())) {
        if let Some(why) = reason(secrets, spec, now)? {
            make(secrets, spec, why, now, &mut made)?;
        }
    }
    Ok(made)
}

/// Makes one thing anew, whatever there is: for what somebody saw who should not. An authority gets a new key too; the next
/// [`ensure`] then remakes all that it signed.
///
/// # Errors
/// It is not possible.
pub fn renew(secrets: &mut Secrets, spec: &Spec, now: SystemTime) -> Result<Vec<Made>, SecretsError> {
    let mut made = Vec::new();
    make(secrets, spec, Why::Asked, now, &mut made)?;
    Ok(made)
}

/// Why a thing must be made; `None` if it is as wanted.
fn reason(secrets: &Secrets, spec: &Spec, now: SystemTime) -> Result<Option<Why>, SecretsError> {
    let missing = |name: &str| secrets.get(name).is_none();
    let name = spec.name();
    match spec {
        Spec::Password { .. } | Spec::TlsCryptV2 { .. } => Ok(missing(name).then_some(Why::Missing)),
        Spec::TangKeys { .. } => Ok(spec.entries().iter().any(|entry| missing(entry)).then_some(Why::Missing)),
        Spec::TlsCryptV2Client { server, .. } => {
            let (Some(client), Some(server)) = (secrets.get(name), secrets.get(server)) else { return Ok(Some(Why::Missing)) };
            let fits = tls_crypt::fits(&client.value, &server.value).map_err(|error| SecretsError::pki(name, error))?;
            Ok((!fits).then_some(Why::Source))
        }
        Spec::Authority { common_name, .. } => {
            if missing(&key(name)) || missing(&cert(name)) {
                return Ok(Some(Why::Missing));
            }
            let about = about(secrets, name)?;
            Ok(expiring(&about, now).or((about.common_name != *common_name).then_some(Why::Changed)))
        }
        Spec::RevocationList { authority, revoked, .. } => {
            let Some(list) = secrets.get(name) else { return Ok(Some(Why::Missing)) };
            let failed = |error| SecretsError::pki(name, error);
            let found = pki::read_crl(list.value.reveal()).map_err(failed)?;
            let authority = pair(secrets, name, authority)?;
            let issued = pki::crl_is_issued_by(list.value.reveal(), &authority.cert).map_err(failed)?;
            let same = found.serials == revoked.iter().map(|(serial, _)| serial.clone()).collect();
            let over = late(found.this_update, found.next_update, now);
            Ok(if !issued { Some(Why::Source) } else { over.or((!same).then_some(Why::Changed)) })
        }
        Spec::Certificate { authority, common_name, unit, names, usage, .. } => {
            if missing(&key(name)) || missing(&cert(name)) {
                return Ok(Some(Why::Missing));
            }
            let authority = pair(secrets, name, authority)?;
            let own = pair(secrets, name, name)?;
            let issued = pki::is_issued_by(&own.cert, &authority.cert).map_err(|error| SecretsError::pki(name, error))?;
            let about = about(secrets, name)?;
            let names: BTreeSet<_> = names.iter().map(|name| canonical(name)).collect();
            let same = about.common_name == *common_name && about.unit == *unit;
            let same = same && about.names == names && about.usage == Some(*usage);
            Ok(if !issued { Some(Why::Source) } else { expiring(&about, now).or((!same).then_some(Why::Changed)) })
        }
    }
}

fn make(secrets: &mut Secrets, spec: &Spec, why: Why, now: SystemTime, made: &mut Vec<Made>) -> Result<(), SecretsError> {
    let name = spec.name();
    let failed = |error| SecretsError::pki(name, error);
    let mut put = |secrets: &mut Secrets, name: String, value, expires| -> Result<(), SecretsError> {
        let version = secrets.put_at(&name, value, expires, now)?;
        made.push(Made { name, version, why });
        Ok(())
    };
    match spec {
        Spec::Password { bytes, .. } => put(secrets, name.to_owned(), random::password(*bytes)?, None),
        Spec::TangKeys { .. } => {
            put(secrets, sign(name), tang::key(Use::Sign).map_err(failed)?, None)?;
            put(secrets, exchange(name), tang::key(Use::Exchange).map_err(failed)?, None)
        }
        Spec::TlsCryptV2 { .. } => put(secrets, name.to_owned(), tls_crypt::server().map_err(failed)?, None),
        Spec::TlsCryptV2Client { server, .. } => {
            let Some(server) = secrets.get(server) else { return Err(no_source(name, server)) };
            let value = tls_crypt::client(&server.value, &Metadata::MadeAt(now)).map_err(failed)?;
            put(secrets, name.to_owned(), value, None)
        }
        Spec::Authority { common_name, days, .. } => {
            // A key that somebody saw is of no more use; any other goes on, so that what it signed does too.
            let old = secrets.get(&key(name)).filter(|_| why != Why::Asked && secrets.get(&cert(name)).is_some());
            let pair = match old {
                Some(old) => pki::renew_authority(&old.value, common_name, *days, now),
                None => pki::authority(common_name, *days, now),
            };
            let keep_key = old.is_some();
            let Pair { key: value, cert: text } = pair.map_err(failed)?;
            if !keep_key {
                put(secrets, key(name), value, None)?;
            }
            put_cert(secrets, name, text, &mut put)
        }
        Spec::RevocationList { authority, revoked, days, .. } => {
            let authority = pair(secrets, name, authority)?;
            let until = seconds(now).saturating_add(u64::from(*days) * DAY);
            let until = until.min(pki::read(&authority.cert).map_err(failed)?.not_after);
            let at = |(serial, at): &(pki::Serial, u64)| {
                let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(*at));
                (serial.clone(), at.unwrap_or(now))
            };
            let revoked: Vec<_> = revoked.iter().map(at).collect();
            let list = pki::crl(&authority, &revoked, now, until).map_err(failed)?;
            put(secrets, name.to_owned(), Secret::new(list), Some(until))
        }
        Spec::Certificate { authority, common_name, unit, names, days, usage, .. } => {
            let (common_name, unit) = (common_name.clone(), unit.clone());
            let request = Request { common_name, unit, names: names.clone(), days: *days, usage: *usage };
            let pair = pki::certificate(&pair(secrets, name, authority)?, &request, now).map_err(failed)?;
            put(secrets, key(name), pair.key, None)?;
            put_cert(secrets, name, pair.cert, &mut put)
        }
    }
}

/// Stores a certificate with its expiry.
fn put_cert(
    secrets: &mut Secrets,
    name: &str,
    text: String,
    put: &mut impl FnMut(&mut Secrets, String, Secret<String>, Option<u64>) -> Result<(), SecretsError>,
) -> Result<(), SecretsError> {
    let until = pki::read(&text).map_err(|error| SecretsError::pki(name, error))?.not_after;
    put(secrets, cert(name), Secret::new(text), Some(until))
}

/// A third of its life is worth more than a renewal in a hurry.
fn expiring(about: &About, now: SystemTime) -> Option<Why> {
    late(about.not_before, about.not_after, now)
}

fn late(from: u64, until: u64, now: SystemTime) -> Option<Why> {
    if from > seconds(now) {
        return Some(Why::NotYet);
    }
    let life = until.saturating_sub(from);
    let left = until.saturating_sub(seconds(now));
    (left.saturating_mul(3) < life).then_some(Why::Expiring)
}

/// An address or a name as [`About::names`] has it.
fn canonical(name: &str) -> String {
    name.parse::<IpAddr>().map_or_else(|_| name.to_ascii_lowercase(), |address| address.to_string())
}

fn about(secrets: &Secrets, name: &str) -> Result<About, SecretsError> {
    let text = secrets.get(&cert(name)).map(|entry| entry.value.reveal().as_str()).unwrap_or_default();
    pki::read(text).map_err(|error| SecretsError::pki(name, error))
}

/// A stored key with its certificate, which `name` needs.
fn pair(secrets: &Secrets, name: &str, from: &str) -> Result<Pair, SecretsError> {
    let (Some(key), Some(cert)) = (secrets.get(&key(from)), secrets.get(&cert(from))) else { return Err(no_source(name, from)) };
    Ok(Pair { key: key.value.clone(), cert: cert.value.reveal().clone() })
}

fn no_source(name: &str, from: &str) -> SecretsError {
    SecretsError::NoSource { name: name.to_owned(), from: from.to_owned() }
}
