//! Addresses that the document leaves out.
//!
//! An address depends on the host's own name and on the range, and on nothing else: adding, removing or moving another host
//! never changes it. So two names can meet on one address; that is reported, with a free address to write down, and never
//! settled by moving one of them.

use std::net::Ipv4Addr;

use crate::values::AddressRange;

/// The address of a host in a range, from its name alone.
///
/// A name that ends in a number (`storage-2`) is cut in two: the stem chooses a place in the range (FNV-1a, 64 bits), the number is
/// counted on from there, past the end from the start. So hosts of one stem are neighbours and never meet each other. A
/// name without a number counts as number 0.
pub fn allot(name: &str, range: AddressRange) -> Ipv4Addr {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    // A number too long to be one is part of the name.
    let (stem, number) = match name.get(stem.len()..).unwrap_or_default() {
        "" => (name, 0),
        digits => digits.parse::<u32>().map_or((name, 0), |number| (stem, u64::from(number))),
    };
    range.nth(fnv1a(stem.as_bytes()) % range.len() + number)
}

/// A free address to suggest: the first one, from the host's own place on, that is not taken.
pub(crate) fn free(name: &str, range: AddressRange, taken: impl Fn(Ipv4Addr) -> bool) -> Option<Ipv4Addr> {
    let start = u64::from(allot(name, range).to_bits() - range.first().to_bits());
    // No region has more hosts than this.
    (1..range.len().min(4096)).map(|step| range.nth(start + step)).find(|address| !taken(*address))
}

/// FNV-1a with 64 bits: short enough to be written down here, so that it can never change under us.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::{allot, fnv1a};

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn neighbours_of_one_stem() {
        let range = "10.90.0.16-10.90.0.95".parse().unwrap();
        let one = allot("storage-1", range);
        let two = allot("storage-2", range);
        assert_ne!(one, two);
        assert!(range.contains(one) && range.contains(two));
        assert_eq!(allot("storage-81", range), one);
        assert!(range.contains(allot("a99999999999999999999999", range)));
    }

    /// A change here would move the addresses of every region.
    #[test]
    fn never_changes() {
        let range = "10.90.16.0-10.90.95.255".parse().unwrap();
        assert_eq!(allot("compute-1", range).to_string(), "10.90.22.214");
    }
}
