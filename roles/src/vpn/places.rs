//! Where the VPN's users come from: everybody has one place in their group, which is in their certificate, and by it one
//! address at each server of the VPN, in that server's part of the range.

use std::fmt;
use std::net::Ipv4Addr;

use regionctl_inventory::{AddressRange, Cidr, Region, VpnGroup};
use serde::{Deserialize, Serialize};

/// A user's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The group.
    pub group: VpnGroup,
    /// The number in the group, from 0.
    pub number: u32,
}

impl Place {
    /// The address in a server's part, if the part is large enough.
    pub fn address(self, part: Cidr) -> Option<Ipv4Addr> {
        let addresses = addresses(part, self.group);
        (u64::from(self.number) < addresses.len()).then(|| addresses.nth(self.number.into()))
    }
}

/// As it is in the certificate: `developers 3`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.group, self.number)
    }
}

/// How many users a group can have.
pub fn room(region: &Region, group: VpnGroup) -> u64 {
    region.vpn_parts().first().map_or(0, |(_, part)| addresses(*part, group).len())
}

/// The addresses of a group in a server's part: the last quarter is the operators', who are fewer. The first address names the part,
/// the second is the server's, and the last is that of all.
pub fn addresses(part: Cidr, group: VpnGroup) -> AddressRange {
    let operators = operators(part);
    let (first, last) = match group {
        VpnGroup::Developers => (second(part).to_bits().saturating_add(1), operators.network().to_bits().saturating_sub(1)),
        VpnGroup::Operators => (operators.network().to_bits(), part.broadcast().to_bits().saturating_sub(1)),
    };
    AddressRange::ordered(first.into(), last.into())
}

/// The server's own address in its part.
pub fn second(part: Cidr) -> Ipv4Addr {
    part.network().to_bits().saturating_add(1).into()
}

/// What the operators' addresses of a part lie in, and nobody else's.
pub fn operators(part: Cidr) -> Cidr {
    Cidr::new(part.broadcast(), part.prefix().saturating_add(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_its_own_addresses() {
        let part: Cidr = "10.91.0.64/26".parse().unwrap();
        assert_eq!(second(part).to_string(), "10.91.0.65");
        assert_eq!(addresses(part, VpnGroup::Developers).to_string(), "10.91.0.66-10.91.0.111");
        assert_eq!(addresses(part, VpnGroup::Operators).to_string(), "10.91.0.112-10.91.0.126");
        assert_eq!(operators(part).to_string(), "10.91.0.112/28");
        let place = |number| Place { group: VpnGroup::Operators, number }.address(part);
        assert_eq!(place(14), Some(Ipv4Addr::new(10, 91, 0, 126)));
        assert_eq!(place(15), None);
        let smallest: Cidr = "10.91.0.0/29".parse().unwrap();
        assert_eq!(addresses(smallest, VpnGroup::Developers).to_string(), "10.91.0.2-10.91.0.5");
        assert_eq!(addresses(smallest, VpnGroup::Operators).to_string(), "10.91.0.6/32");
    }
}
