//! Ranges of IPv4 addresses.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use super::{Cidr, Problem, written_as_text};

/// A range of IPv4 addresses, written as a network (`10.90.1.0/24`) or as first and last address
/// (`10.90.0.10-10.90.0.99`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl AddressRange {
    /// The range between two addresses, both included, in whichever order they come.
    pub fn ordered(a: Ipv4Addr, b: Ipv4Addr) -> Self {
        Self { first: a.min(b), last: a.max(b) }
    }

    /// The first address.
    pub fn first(self) -> Ipv4Addr {
        self.first
    }

    /// The last address, still in the range.
    pub fn last(self) -> Ipv4Addr {
        self.last
    }

    /// How many addresses it has; never 0.
    pub fn len(self) -> u64 {
        u64::from(self.last.to_bits() - self.first.to_bits()) + 1
    }

    /// Never true: a range has at least one address.
    pub fn is_empty(self) -> bool {
        false
    }

    /// Whether the address lies in the range.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// Whether all of `other` lies in this range.
    pub fn covers(self, other: Self) -> bool {
        self.contains(other.first) && self.contains(other.last)
    }

    /// The addresses that both ranges have.
    pub fn overlap(self, other: Self) -> Option<Self> {
        let first = self.first.max(other.first);
        let last = self.last.min(other.last);
        (first <= last).then_some(Self { first, last })
    }

    /// The network that is exactly this range, if there is one.
    pub fn as_cidr(self) -> Option<Cidr> {
        let size = self.len();
        let prefix = u8::try_from(32 - size.trailing_zeros().min(32)).unwrap_or(32);
        let network = Cidr::new(self.first, prefix);
        (size.is_power_of_two() && network.range() == self).then_some(network)
    }

    /// The address at a position counted from 0; a position past the end goes on from the start.
    pub fn nth(self, position: u64) -> Ipv4Addr {
        let offset = u32::try_from(position % self.len()).unwrap_or(0);
        Ipv4Addr::from(self.first.to_bits() + offset)
    }
}

impl FromStr for AddressRange {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text.contains('/') {
            return text.parse::<Cidr>().map(Cidr::range);
        }
        let hint = "a network `10.90.1.0/24`, or first and last address `10.90.0.10-10.90.0.99`";
        let (first, last) = text.split_once('-').ok_or_else(|| Problem::hinted("not a range of addresses", hint))?;
        let address = |text: &str| {
            let text = text.trim();
            if text.contains(':') {
                return Err(Problem::hinted("an IPv6 range is not supported here", hint));
            }
            text.parse::<Ipv4Addr>().map_err(|_| Problem::hinted(format!("`{text}` is not an IPv4 address"), hint))
        };
        let (first, last) = (address(first)?, address(last)?);
        if first > last {
            return Err(Problem::hinted("the range ends before it starts", format!("write `{last}-{first}`")));
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_cidr() {
            Some(network) => network.fmt(f),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

written_as_text!(
    AddressRange,
    "address-range",
    "A range of IPv4 addresses: a network, or first and last address.",
    "10.90.0.10-10.90.0.99",
    r"^[0-9.]+(/[0-9]{1,2}|\s*-\s*[0-9.]+)$"
);

#[cfg(test)]
mod tests {
    use super::AddressRange;

    #[test]
    fn reads_and_writes() {
        for text in ["10.90.0.10-10.90.0.99", "10.90.1.0/24", "0.0.0.0/0", "10.0.0.1/32"] {
            assert_eq!(text.parse::<AddressRange>().unwrap().to_string(), text);
        }
        assert_eq!("10.0.0.9-10.0.0.1".parse::<AddressRange>().unwrap_err().hint.unwrap(), "write `10.0.0.1-10.0.0.9`");
    }

    #[test]
    fn overlaps() {
        let a: AddressRange = "10.0.0.0/24".parse().unwrap();
        let b: AddressRange = "10.0.0.200-10.0.1.4".parse().unwrap();
        assert_eq!(a.overlap(b).unwrap().to_string(), "10.0.0.200-10.0.0.255");
        assert!(!a.covers(b));
    }
}
