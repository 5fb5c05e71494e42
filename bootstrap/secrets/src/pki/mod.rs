//! The region's own certificates: an authority, the certificates of servers and clients, and the list of revoked ones.
//! Keys are ECDSA P-256.

mod error;
mod issue;
mod read;
mod revoke;
mod serial;

pub use error::PkiError;
pub use issue::{Request, authority, certificate, renew_authority};
pub use read::{About, is_issued_by, read};
pub use revoke::{Revocations, crl, crl_is_issued_by, read_crl};
pub use serial::Serial;

use crate::secret::Secret;

/// The longest that a certificate may be valid, in days.
pub const MAX_DAYS: u32 = 36_500;

/// A certificate with its key, both PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The private key, PKCS#8.
    pub key: Secret<String>,
    /// The certificate, X.509 version 3.
    pub cert: String,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// TLS servers: extended key usage `serverAuth`.
    Server,
    /// TLS clients: extended key usage `clientAuth`.
    Client,
    /// What is both to others of its kind: `serverAuth` and `clientAuth`.
    Peer,
}
