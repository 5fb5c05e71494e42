//! What can go wrong with certificates.

use super::MAX_DAYS;

/// Why a certificate cannot be made or read. No message holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// A subject's name is empty, longer than 64 characters or has control characters.
    #[error("`{text}` cannot be the name in a certificate")]
    CommonName {
        /// The name, control characters spelled out.
        text: String,
    },
    /// Neither an IP address nor a DNS name.
    #[error("`{text}` is neither an address nor a DNS name")]
    AltName {
        /// The text, control characters spelled out.
        text: String,
    },
    /// No days, or too many.
    #[error("a certificate cannot be valid for {days} days")]
    Days {
        /// How many.
        days: u32,
    },
    /// The authority's own time is over, or the present is no time at all.
    #[error("the authority is not valid at this time")]
    AuthorityOver,
    /// A stored certificate cannot be read.
    #[error("the certificate cannot be read")]
    Certificate,
    /// A stored list of revoked certificates cannot be read.
    #[error("the list of revoked certificates cannot be read")]
    RevocationList,
    /// A stored key cannot be read, or is of another kind.
    #[error("the key cannot be read")]
    Key,
    /// A stored tls-crypt-v2 key cannot be read.
    #[error("the tls-crypt-v2 key cannot be read")]
    TlsCrypt,
    /// Not hexadecimal digits, or more than twenty bytes.
    #[error("this is not a serial number")]
    Serial,
    /// What the key should carry is too long.
    #[error("the metadata of a tls-crypt-v2 key is longer than {max} bytes")]
    Metadata {
        /// The most there may be.
        max: usize,
    },
    /// The system has no random bytes.
    #[error("no random bytes to be had")]
    Random,
    /// The library said no.
    #[error("cannot make {what}")]
    Library {
        /// What was to be made.
        what: &'static str,
    },
}

impl PkiError {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Days { .. } => Some(format!("1 to {MAX_DAYS} days")),
            Self::CommonName { .. } => Some("1 to 64 characters".to_owned()),
            _ => None,
        }
    }
}
