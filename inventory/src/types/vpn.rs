//! The way in for operators and developers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::Name;

/// OpenVPN servers, with certificates of the region's own authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Vpn {
    /// The servers that clients connect to. Left out, all compute servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Name>,
    /// Who has a profile. Whoever is taken out is revoked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<VpnUser>,
    /// The port that clients connect to.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The protocol that clients connect with.
    pub protocol: VpnProtocol,
    /// How many days a user's certificate is good for.
    #[schemars(range(min = 1, max = 825))]
    pub certificate_days: u16,
}

impl Default for Vpn {
    fn default() -> Self {
        Self { servers: Vec::new(), users: Vec::new(), port: 1194, protocol: VpnProtocol::Udp, certificate_days: 90 }
    }
}

/// Someone with a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VpnUser {
    /// The user's name, as in `regionctl vpn profile NAME`.
    pub name: Name,
}

/// The protocol of the VPN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VpnProtocol {
    /// UDP, the faster.
    #[default]
    Udp,
    /// TCP, for clients behind strict firewalls.
    Tcp,
}
