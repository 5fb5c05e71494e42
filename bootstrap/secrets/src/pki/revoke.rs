//! The list of certificates that are valid no more.

use std::collections::BTreeSet;
use std::time::SystemTime;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};

use x509_parser::pem::{Pem, parse_x509_pem};
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::issue::{EARLY, instant, issuer};
use super::read::authority_of;
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
        this_update: instant(seconds(now).saturating_sub(EARLY.as_secs()))?,
        next_update: instant(next_update)?,
        crl_number: SerialNumber::from_slice(Serial::of(&seconds(now).to_be_bytes()).bytes()),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect::<Result<_, PkiError>>()?,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let signed = list.signed_by(&issuer(authority)?).map_err(|_| PkiError::Library { what: "a list of revoked certificates" })?;
    signed.pem().map_err(|_| PkiError::Library { what: "a list of revoked certificates" })
}

/// What a list of revoked certificates says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocations {
    /// Who is on it.
    pub serials: BTreeSet<Serial>,
    /// When it was made, in seconds since 1970.
    pub this_update: u64,
    /// When a newer one is wanted, in seconds since 1970.
    pub next_update: u64,
}

/// Reads a list, PEM.
///
/// # Errors
/// It is none.
pub fn read_crl(text: &str) -> Result<Revocations, PkiError> {
    let pem = block(text)?;
    let list = parse(&pem)?;
    let seconds = |at: i64| u64::try_from(at).unwrap_or(0);
    Ok(Revocations {
        serials: list.iter_revoked_certificates().map(|revoked| Serial::of(revoked.raw_serial())).collect(),
        this_update: seconds(list.last_update().timestamp()),
        next_update: list.next_update().map_or(0, |at| seconds(at.timestamp())),
    })
}

/// Whether an authority, PEM, signed a list.
///
/// # Errors
/// One of them cannot be read.
pub fn crl_is_issued_by(text: &str, authority: &str) -> Result<bool, PkiError> {
    let pem = block(text)?;
    let list = parse(&pem)?;
    authority_of(authority, |authority| {
        list.issuer().as_raw() == authority.subject().as_raw() && list.verify_signature(authority.public_key()).is_ok()
    })
}

fn block(text: &str) -> Result<Pem, PkiError> {
    let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| PkiError::RevocationList)?;
    if pem.label == "X509 CRL" { Ok(pem) } else { Err(PkiError::RevocationList) }
}

fn parse(pem: &Pem) -> Result<CertificateRevocationList<'_>, PkiError> {
    CertificateRevocationList::from_der(&pem.contents).map(|(_, list)| list).map_err(|_| PkiError::RevocationList)
}
