//! Reading certificates back.

use std::collections::BTreeSet;
use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::{Pem, parse_x509_pem};

use super::{PkiError, Serial, Usage};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The subject's common name; empty if it has none.
    pub common_name: String,
    /// The subject's part of an organisation, if it has one.
    pub unit: Option<String>,
    /// DNS names in lower case and IP addresses that it is valid for.
    pub names: BTreeSet<String>,
    /// The number by which its authority knows it.
    pub serial: Serial,
    /// From when it is valid, in seconds since 1970.
    pub not_before: u64,
    /// Until when it is valid, in seconds since 1970.
    pub not_after: u64,
    /// What it is for; `None` for an authority and for what is for something else.
    pub usage: Option<Usage>,
    /// Whether it is an authority.
    pub authority: bool,
}

/// Reads a certificate, PEM.
///
/// # Errors
/// It is none.
pub fn read(cert: &str) -> Result<About, PkiError> {
    let pem = block(cert)?;
    let cert = parse(&pem)?;
    let common_name = cert.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or_default().to_owned();
    let unit = cert.subject().iter_organizational_unit().next().and_then(|unit| unit.as_str().ok()).map(str::to_owned);
    let names = cert.subject_alternative_name().map_err(|_| PkiError::Certificate)?;
    let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(alt_name).collect();
    let usage = cert.extended_key_usage().map_err(|_| PkiError::Certificate)?;
    let usage = match usage.map(|usage| (usage.value.server_auth, usage.value.client_auth)) {
        Some((true, false)) => Some(Usage::Server),
        Some((false, true)) => Some(Usage::Client),
        Some((true, true)) => Some(Usage::Peer),
        _ => None,
    };
    let seconds = |at: i64| u64::try_from(at).unwrap_or(0);
    Ok(About {
        common_name,
        unit,
        names,
        serial: Serial::of(cert.raw_serial()),
        not_before: seconds(cert.validity().not_before.timestamp()),
        not_after: seconds(cert.validity().not_after.timestamp()),
        usage,
        authority: cert.is_ca(),
    })
}

/// Whether an authority signed a certificate, both PEM. Dates are not looked at.
///
/// # Errors
/// One of them is no certificate.
pub fn is_issued_by(cert: &str, authority: &str) -> Result<bool, PkiError> {
    let (cert, authority) = (block(cert)?, block(authority)?);
    let (cert, authority) = (parse(&cert)?, parse(&authority)?);
    let named = cert.issuer().as_raw() == authority.subject().as_raw();
    Ok(named && cert.verify_signature(Some(authority.public_key())).is_ok())
}

/// What `look` sees in an authority's certificate.
pub(super) fn authority_of<T>(authority: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> Result<T, PkiError> {
    let pem = block(authority)?;
    Ok(look(&parse(&pem)?))
}

fn block(text: &str) -> Result<Pem, PkiError> {
    let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| PkiError::Certificate)?;
    if pem.label == "CERTIFICATE" { Ok(pem) } else { Err(PkiError::Certificate) }
}

fn parse(pem: &Pem) -> Result<X509Certificate<'_>, PkiError> {
    pem.parse_x509().map_err(|_| PkiError::Certificate)
}

fn alt_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let address = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = address.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
