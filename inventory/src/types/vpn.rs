//! The way in for operators and developers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Region, Server, Transport};
use crate::values::{Cidr, Name};

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
    /// The protocol that clients connect with: UDP is the faster, TCP is for clients behind strict firewalls.
    pub protocol: Transport,
    /// How many days a user's certificate is good for.
    #[schemars(range(min = 1, max = 825))]
    pub certificate_days: u16,
}

impl Default for Vpn {
    fn default() -> Self {
        Self { servers: Vec::new(), users: Vec::new(), port: 1194, protocol: Transport::Udp, certificate_days: 90 }
    }
}

/// Someone with a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VpnUser {
    /// The user's name, as in `regionctl vpn profile NAME`.
    pub name: Name,
    /// Where the user gets to.
    #[serde(default, skip_serializing_if = "VpnGroup::is_default")]
    pub group: VpnGroup,
}

/// Where a user of the VPN gets to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VpnGroup {
    /// To the names of the region, the API server and what the load balancers hand out, such as the ingress.
    #[default]
    Developers,
    /// To everything on the vrack, SSH of the servers too.
    Operators,
}

impl VpnGroup {
    /// Every group.
    pub const ALL: [Self; 2] = [Self::Developers, Self::Operators];

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for VpnGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Developers => "developers",
            Self::Operators => "operators",
        })
    }
}

/// The smallest part of the range that a server of the VPN can do with, as a prefix length.
pub(crate) const SMALLEST_PART: u8 = 29;

impl Region {
    /// The servers of the VPN, each with its own part of `ranges.vpn`: the address of a user tells the server to answer by.
    /// There are 1, 2, 4, 8, … parts, so that their number, and with it everybody's addresses, seldom changes.
    pub fn vpn_parts(&self) -> Vec<(&Server, Cidr)> {
        let (servers, range) = (self.vpn_servers(), self.spec.network.ranges.vpn);
        let prefix = (u32::from(range.prefix()) + servers.len().next_power_of_two().trailing_zeros()).min(32);
        let size = 1_u64 << (32 - prefix);
        let part = |(position, server)| {
            let first = u64::from(range.network().to_bits()) + size * position as u64;
            // A range that is too small, which is reported, ends before its parts do.
            let first = u32::try_from(first).unwrap_or(u32::MAX);
            (server, Cidr::new(first.into(), prefix as u8))
        };
        servers.into_iter().enumerate().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(servers: usize, range: &str) -> String {
        let names = (1..=servers).map(|n| format!("{{name: c-{n}, roles: [compute], address: 203.0.113.{n}}}"));
        let spec = format!(
            "{{release: x, servers: [{}], network: {{ranges: {{vpn: {range}}}}}, vpn: {{}}}}",
            names.collect::<Vec<_>>().join(", ")
        );
        let region = format!("{{apiVersion: regionctl.dev/v1alpha1, kind: Region, metadata: {{name: a}}, spec: {spec}}}");
        let region: Region = serde_yaml::from_str(&region).unwrap();
        let parts = region.vpn_parts().into_iter().map(|(server, part)| format!("{} {part}", server.name));
        parts.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_server_has_its_own_part() {
        assert_eq!(parts(1, "10.91.0.0/24"), "c-1 10.91.0.0/24");
        assert_eq!(parts(3, "10.91.0.0/24"), "c-1 10.91.0.0/26, c-2 10.91.0.64/26, c-3 10.91.0.128/26");
        assert_eq!(parts(2, "10.91.0.8/32"), "c-1 10.91.0.8/32, c-2 10.91.0.9/32");
        assert_eq!(parts(2, "255.255.255.255/32"), "c-1 255.255.255.255/32, c-2 255.255.255.255/32");
    }
}
