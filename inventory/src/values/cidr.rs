//! IPv4 networks.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use ipnetwork::Ipv4Network;

use super::{AddressRange, Problem, written_as_text};

/// An IPv4 network such as `10.90.0.0/16`, without host bits. IPv6 networks are refused: the vrack, the pods and the
/// services of this version are IPv4 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(Ipv4Network);

impl Cidr {
    /// A network from its address and prefix length; host bits are cleared, a length above 32 counts as 32.
    pub fn new(address: Ipv4Addr, prefix: u8) -> Self {
        let prefix = prefix.min(32);
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        let network = Ipv4Addr::from(address.to_bits() & mask);
        Self(Ipv4Network::new_checked(network, prefix).unwrap_or_else(|| Ipv4Network::from(network)))
    }

    /// The prefix length, in bits.
    pub fn prefix(self) -> u8 {
        self.0.prefix()
    }

    /// The first address, which names the network.
    pub fn network(self) -> Ipv4Addr {
        self.0.network()
    }

    /// The last address, on which all hosts of the network listen.
    pub fn broadcast(self) -> Ipv4Addr {
        self.0.broadcast()
    }

    /// Whether the address lies in the network.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        self.0.contains(address)
    }

    /// All its addresses, the first and the last too.
    pub fn range(self) -> AddressRange {
        AddressRange::ordered(self.network(), self.broadcast())
    }

    /// The addresses that a host can have: all but the first and the last (all of them in a /31 or /32).
    pub fn hosts(self) -> AddressRange {
        if self.prefix() >= 31 {
            return self.range();
        }
        AddressRange::ordered(Ipv4Addr::from(self.network().to_bits() + 1), Ipv4Addr::from(self.broadcast().to_bits() - 1))
    }

    /// The part of the network from `from` sixteenths to just before `to` sixteenths of it. A network too small to be
    /// cut in sixteen gives its host addresses.
    pub(crate) fn sixteenths(self, from: u32, to: u32) -> AddressRange {
        if self.prefix() > 26 {
            return self.hosts();
        }
        let part = 1u64 << (28 - u32::from(self.prefix()));
        // Below 2^32 for every part of a network, so nothing is lost.
        let at = |offset: u64| Ipv4Addr::from((u64::from(self.network().to_bits()) + offset) as u32);
        AddressRange::ordered(at(part * u64::from(from)), at(part * u64::from(to) - 1))
    }
}

impl FromStr for Cidr {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let Some((address, prefix)) = text.split_once('/') else {
            let hint = match text.parse::<Ipv4Addr>() {
                Ok(address) => format!("add the prefix length: {}", with_prefix(address)),
                Err(_) => "for example `10.90.0.0/16`".to_owned(),
            };
            return Err(Problem::hinted("not a network in CIDR notation", hint));
        };
        if address.contains(':') {
            return Err(Problem::hinted("an IPv6 network is not supported here", "for example `10.90.0.0/16`"));
        }
        let address: Ipv4Addr =
            address.parse().map_err(|_| Problem::hinted("not a network in CIDR notation", "for example `10.90.0.0/16`"))?;
        let prefix: u8 = match prefix.parse() {
            Ok(prefix @ 0..=32) => prefix,
            _ => return Err(Problem::hinted("the prefix length is a number from 0 to 32", with_prefix(address))),
        };
        let network = Self::new(address, prefix);
        if network.network() != address {
            return Err(Problem::hinted(
                format!("`{address}` is an address inside the network, not the network"),
                format!("write `{network}`"),
            ));
        }
        Ok(network)
    }
}

/// What an address without a good prefix length may have meant.
fn with_prefix(address: Ipv4Addr) -> String {
    let network = Cidr::new(address, 24);
    if network.network() == address {
        return format!("`{network}`");
    }
    format!("`{address}/32` is this address alone, `{network}` the network around it")
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.prefix())
    }
}

written_as_text!(Cidr, "cidr", "An IPv4 network in CIDR notation.", "10.90.0.0/16", r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$");

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn hints() {
        let hint = |text: &str| text.parse::<Cidr>().unwrap_err().hint.unwrap();
        assert_eq!(hint("10.90.0.5/24"), "write `10.90.0.0/24`");
        assert_eq!(hint("10.90.0.0"), "add the prefix length: `10.90.0.0/24`");
        assert!(hint("203.0.113.7").contains("`203.0.113.7/32`"));
        assert!("10.0.0.0/33".parse::<Cidr>().is_err());
        assert!("fd00::/64".parse::<Cidr>().unwrap_err().message.contains("IPv6"));
    }

    #[test]
    fn edges() {
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert_eq!(all.hosts().to_string(), "0.0.0.1-255.255.255.254");
        assert_eq!(all.sixteenths(15, 16).last().to_string(), "255.255.255.255");
        let one: Cidr = "10.0.0.1/32".parse().unwrap();
        assert_eq!(one.hosts().to_string(), "10.0.0.1/32");
        let lan: Cidr = "10.90.0.0/24".parse().unwrap();
        assert_eq!(lan.sixteenths(1, 6).to_string(), "10.90.0.16-10.90.0.95");
    }
}
