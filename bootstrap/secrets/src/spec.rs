//! What a region needs among its secrets.

use crate::name::{cert, exchange, key, sign};
use crate::pki::{Serial, Usage};

/// A secret that is made when it is missing. A number of days or bytes that changes is heeded when it is made the next time. What has a key and a certificate is kept as two entries, `NAME/key` and
/// `NAME/cert`, both PEM; see [`Spec::entries`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spec {
    /// A password: two hexadecimal digits per byte, which no configuration file needs to quote.
    Password {
        /// The entry.
        name: String,
        /// How many random bytes; 16 are beyond guessing.
        bytes: usize,
    },
    /// An authority of the region's own.
    Authority {
        /// The entries' common part.
        name: String,
        /// Its subject.
        common_name: String,
        /// How long it is valid.
        days: u32,
    },
    /// A certificate by such an authority.
    Certificate {
        /// The entries' common part.
        name: String,
        /// The authority's name.
        authority: String,
        /// Its subject.
        common_name: String,
        /// The subject's part of an organisation (OU), if it has one.
        unit: Option<String>,
        /// DNS names and IP addresses that it is valid for.
        names: Vec<String>,
        /// How long it is valid; never longer than its authority.
        days: u32,
        /// What it is for.
        usage: Usage,
    },
    /// An authority's list of revoked certificates, PEM; a new one before it is over, and when another is to be on it.
    RevocationList {
        /// The entry.
        name: String,
        /// The authority's name.
        authority: String,
        /// Each serial number with the time when it was revoked, in seconds since 1970.
        revoked: Vec<(Serial, u64)>,
        /// How long it is valid; never longer than its authority.
        days: u32,
    },
    /// The two keys of a Tang server, JSON: the entries `NAME/sign` and `NAME/exchange`.
    TangKeys {
        /// The entries' common part.
        name: String,
    },
    /// A tls-crypt-v2 key of OpenVPN servers, PEM.
    TlsCryptV2 {
        /// The entry.
        name: String,
    },
    /// A tls-crypt-v2 key of one OpenVPN client, PEM.
    TlsCryptV2Client {
        /// The entry.
        name: String,
        /// The server key's name.
        server: String,
    },
}

impl Spec {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Password { name, .. }
            | Self::Authority { name, .. }
            | Self::Certificate { name, .. }
            | Self::RevocationList { name, .. }
            | Self::TangKeys { name }
            | Self::TlsCryptV2 { name }
            | Self::TlsCryptV2Client { name, .. } => name,
        }
    }

    /// The names of its entries.
    pub fn entries(&self) -> Vec<String> {
        let name = self.name();
        match self {
            Self::Authority { .. } | Self::Certificate { .. } => vec![key(name), cert(name)],
            Self::TangKeys { .. } => vec![sign(name), exchange(name)],
            _ => vec![name.to_owned()],
        }
    }

    /// True if others are made with it: those come first.
    pub(crate) fn is_source(&self) -> bool {
        matches!(self, Self::Authority { .. } | Self::TlsCryptV2 { .. })
    }
}

/// An entry that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The entry's name.
    pub name: String,
    /// Its new version.
    pub version: u64,
    /// Why it was made.
    pub why: Why,
}

/// Why an entry was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There was none.
    Missing,
    /// Less than a third of its life was left.
    Expiring,
    /// Its life had not begun: it was made by a clock that was ahead.
    NotYet,
    /// It should say something else: another name, address or usage, or another list.
    Changed,
    /// What it was made with is another one now.
    Source,
    /// Somebody asked for it.
    Asked,
}
