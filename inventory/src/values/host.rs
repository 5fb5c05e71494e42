//! What SSH connects to: an address or a DNS name.

use std::{fmt, net::IpAddr, str::FromStr};

use super::{Problem, written_as_text};

/// A DNS name of at most 253 characters, labels separated by dots, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

impl DnsName {
    /// The name as text, without a final dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DnsName {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A name whose last label is a number would be taken for an address.
        let numeric = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if text.len() <= 253 && text.split('.').all(label) && !numeric {
            return Ok(Self(text.to_owned()));
        }
        Err(Problem::hinted(
            "not a DNS name",
            "labels of lower case letters, digits and hyphens, separated by dots: `paris.example.org`",
        ))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

written_as_text!(
    DnsName,
    "dns-name",
    "A DNS name in lower case.",
    "paris.example.org",
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
);

/// What a connection is made to: an IPv4 or IPv6 address, or a DNS name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// An address, of either family.
    Address(IpAddr),
    /// A name, looked up by the operator's machine when it connects.
    Name(DnsName),
}

impl Host {
    /// The address, when one is written rather than a name.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }
}

impl FromStr for Host {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return if address.is_unspecified() || address.is_multicast() {
                Err(Problem::hinted("no host can have this address", "the server's own address, as SSH reaches it"))
            } else {
                Ok(Self::Address(address))
            };
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && port.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Problem::hinted(
                "an address has no port here",
                format!("`address: {host}` and, beside it, `port: {port}`"),
            ));
        }
        if let Some((user, host)) = text.split_once('@') {
            return Err(Problem::hinted(
                "an address has no user here",
                format!("`address: {host}`, and `user: {user}` under `spec.ssh`"),
            ));
        }
        text.parse().map(Self::Name).map_err(|_| {
            Problem::hinted("neither an IP address nor a DNS name", "for example `203.0.113.11` or `s1.example.org`")
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

written_as_text!(
    Host,
    "host",
    "An IPv4 or IPv6 address, or a DNS name.",
    "203.0.113.11",
    r"^(\[?[0-9A-Fa-f:.]+\]?|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*)$"
);

impl DnsName {
    /// `cluster.local`, the domain inside a Kubernetes cluster unless another is asked for.
    pub fn cluster_local() -> Self {
        Self("cluster.local".to_owned())
    }
}
