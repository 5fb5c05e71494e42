//! The list of certificates that are valid no more.

use std::time::SystemTime;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};

use super::issue::{instant, issuer};
use super::{Pair, PkiError, Serial};
use crate::store::seconds;

/// An authority's list of revoked certificates, PEM: each serial number with the time when it was revoked. Whoever checks it
/// wants a newer one at `next_update`, in seconds since 1970. The list's own number grows with `now`.
///
/// # Errors
/// The authority cannot be read, or `next_update` is not after `now`.
pub fn crl(authority: &Pair, revoked: &[(Serial, SystemTime)], now: SystemTime, next_update: u64) -> Result<String, PkiError> {
    let entry = |(serial, at): &(Serial, SystemTime)| {
        Ok(RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial.bytes()),
            revocation_time: instant(seconds(*at))?,
            reason_code: None,
            invalidity_date: None,
        })
    };
    let list = CertificateRevocationListParams {
        this_update: instant(seconds(now))?,
        next_update: instant(next_update)?,
        crl_number: SerialNumber::from_slice(Serial::of(&seconds(now).to_be_bytes()).bytes()),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect::<Result<_, PkiError>>()?,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let signed = list.signed_by(&issuer(authority)?).map_err(|_| PkiError::Library { what: "a list of revoked certificates" })?;
    signed.pem().map_err(|_| PkiError::Library { what: "a list of revoked certificates" })
}
