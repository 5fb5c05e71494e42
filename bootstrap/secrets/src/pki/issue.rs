//! Making authorities and certificates.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{MAX_DAYS, Pair, PkiError, Serial, Usage, read};
use crate::secret::Secret;
use crate::store::seconds;

/// Certificates and lists are valid a day before they are made: clocks differ, and the operator's may be the wrong one.
pub(super) const EARLY: Duration = Duration::from_secs(86_400);

const DAY: u64 = 86_400;

/// What a certificate should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The subject: 1 to 64 characters.
    pub common_name: String,
    /// Its part of an organisation (OU), with 1 to 64 characters.
    pub unit: Option<String>,
    /// DNS names and IP addresses that it is valid for.
    pub names: Vec<String>,
    /// How long it is valid, in days; never longer than its authority.
    pub days: u32,
    /// What it is for.
    pub usage: Usage,
}

/// A new authority that signs itself, and no authorities below it.
///
/// # Errors
/// The name or the days are not possible.
pub fn authority(common_name: &str, days: u32, now: SystemTime) -> Result<Pair, PkiError> {
    self_signed(&generate()?, common_name, days, now)
}

/// A new certificate for an authority's key: what the authority signed before stays valid under it.
///
/// # Errors
/// The key cannot be read, or the name or the days are not possible.
pub fn renew_authority(key: &Secret<String>, common_name: &str, days: u32, now: SystemTime) -> Result<Pair, PkiError> {
    self_signed(&key_pair(key)?, common_name, days, now)
}

/// A new key with a certificate by an authority.
///
/// # Errors
/// The authority cannot be read or is over, or the request is not possible.
pub fn certificate(authority: &Pair, request: &Request, now: SystemTime) -> Result<Pair, PkiError> {
    let until = read(&authority.cert)?.not_after;
    let mut params = params(&request.common_name, request.days, now)?;
    if let Some(unit) = &request.unit {
        params.distinguished_name.push(DnType::OrganizationalUnitName, name(unit)?);
    }
    let end = instant(until.min(seconds(now).saturating_add(u64::from(request.days) * DAY)))?;
    if until <= seconds(now) {
        return Err(PkiError::AuthorityOver);
    }
    params.not_after = end;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = match request.usage {
        Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
        Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
        Usage::Peer => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
    };
    params.subject_alt_names = request.names.iter().map(|name| alt_name(name)).collect::<Result<_, _>>()?;
    let key = generate()?;
    let cert = params.signed_by(&key.0, &issuer(authority)?).map_err(|_| PkiError::Library { what: "a certificate" })?;
    Ok(Pair { key: key.pem(), cert: cert.pem() })
}

/// An authority, ready to sign.
pub(super) fn issuer(authority: &Pair) -> Result<Issuer<'_, Key>, PkiError> {
    Issuer::from_ca_cert_pem(&authority.cert, key_pair(&authority.key)?).map_err(|_| PkiError::Certificate)
}

/// An instant as rcgen writes it, from seconds since 1970.
pub(super) fn instant(seconds: u64) -> Result<OffsetDateTime, PkiError> {
    let seconds = i64::try_from(seconds).map_err(|_| PkiError::AuthorityOver)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| PkiError::AuthorityOver)
}

fn self_signed(key: &Key, common_name: &str, days: u32, now: SystemTime) -> Result<Pair, PkiError> {
    let mut params = params(common_name, days, now)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let cert = params.self_signed(&key.0).map_err(|_| PkiError::Library { what: "an authority" })?;
    Ok(Pair { key: key.pem(), cert: cert.pem() })
}

fn params(common_name: &str, days: u32, now: SystemTime) -> Result<CertificateParams, PkiError> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(PkiError::Days { days });
    }
    let mut params = CertificateParams::default();
    params.not_before = instant(seconds(now).saturating_sub(EARLY.as_secs()))?;
    params.not_after = instant(seconds(now).saturating_add(u64::from(days) * DAY))?;
    params.serial_number = Some(SerialNumber::from_slice(Serial::new()?.bytes()));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name(common_name)?);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// A part of a subject.
fn name(text: &str) -> Result<&str, PkiError> {
    if text.trim().is_empty() || text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(PkiError::CommonName { text: text.escape_debug().take(100).collect() });
    }
    Ok(text)
}

fn alt_name(text: &str) -> Result<SanType, PkiError> {
    let wrong = || PkiError::AltName { text: text.escape_debug().take(300).collect() };
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(letter);
    // All digits and points would be an address with a mistake in it.
    let number = text.split('.').all(|label| label.chars().all(|c| c.is_ascii_digit()));
    if number || text.len() > 253 || !text.strip_prefix("*.").unwrap_or(text).split('.').all(label) {
        return Err(wrong());
    }
    text.try_into().map(SanType::DnsName).map_err(|_| wrong())
}

fn generate() -> Result<Key, PkiError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(Key).map_err(|_| PkiError::Library { what: "a key" })
}

fn key_pair(key: &Secret<String>) -> Result<Key, PkiError> {
    KeyPair::from_pkcs8_pem_and_sign_algo(key.reveal(), &PKCS_ECDSA_P256_SHA256).map(Key).map_err(|_| PkiError::Key)
}

/// rcgen's key, wiped when dropped.
pub(super) struct Key(KeyPair);

impl Key {
    fn pem(&self) -> Secret<String> {
        let der = Zeroizing::new(self.0.serialize_der());
        crate::pem::encode("PRIVATE KEY", &der)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl rcgen::PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message)
    }
}
