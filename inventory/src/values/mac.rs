//! Ethernet addresses.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// The MAC address of a network card, compared without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// The six bytes, in the order they are written.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for Mac {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::hinted("not a MAC address", "six pairs of hexadecimal digits: `0c:42:a1:00:00:01`");
        let mut octets = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut octets {
            let part = parts.next().ok_or_else(wrong)?;
            if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            *octet = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
        }
        if parts.next().is_some() {
            return Err(wrong());
        }
        if octets[0] & 1 == 1 || octets == [0; 6] {
            return Err(Problem::hinted("not the MAC address of a network card", "`ip -br link` shows it"));
        }
        Ok(Self(octets))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

written_as_text!(
    Mac,
    "mac",
    "The MAC address of a network card.",
    "0c:42:a1:00:00:01",
    r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$"
);
