//! Names of network interfaces.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// The name of a network interface as the kernel has it: at most 15 bytes (IFNAMSIZ - 1), no slash, colon or space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName(String);

impl InterfaceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InterfaceName {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let good = (1..=15).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@'))
            && text != "."
            && text != "..";
        if !good {
            return Err(Problem::hinted("not the name of a network interface", "`ip -br link` on the server lists them"));
        }
        if text == "lo" {
            return Err(Problem::hinted("`lo` is no network card", "`ip -br link` on the server lists them"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

written_as_text!(
    InterfaceName,
    "interface",
    "The name of a network interface, at most 15 characters.",
    "eno2",
    r"^[A-Za-z0-9_.@-]{1,15}$"
);
