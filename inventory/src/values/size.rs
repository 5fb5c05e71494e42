//! Amounts of bytes.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// A size in bytes, written as a whole number and a unit: `10GiB` (1024³) or `10GB` (1000³).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// Largest first, so that the first exact divisor is the shortest way to write a size.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

impl Size {
    /// A size of so many GiB (1024³ bytes).
    pub const fn gib(count: u64) -> Self {
        Self(count << 30)
    }

    /// A size of so many MiB (1024² bytes).
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// So many bytes as people read them: whole MiB, and whole GiB from ten on.
    pub const fn shown(bytes: u64) -> Self {
        let mib = bytes >> 20;
        Self::mib(if mib >= 10 * 1024 { mib - mib % 1024 } else { mib })
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let whole = "a size is a whole number and a unit, such as `10GiB`";
        if unit.starts_with('.') || unit.starts_with(',') {
            return Err(Problem::hinted("a size has no fraction", "use a smaller unit: `1536MiB`, not `1.5GiB`"));
        }
        let number: u64 = number.parse().map_err(|_| Problem::hinted("not a valid size", whole))?;
        let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let letter = unit.chars().next().map(|c| c.to_ascii_uppercase());
            let hint = match letter {
                None => format!("add a unit, such as `{number}GiB`"),
                Some(c @ ('K' | 'M' | 'G' | 'T')) => format!("write `{number}{c}iB` or `{number}{c}B`"),
                Some(_) => whole.to_owned(),
            };
            return Err(Problem::hinted("not a valid size", hint));
        };
        let bytes = number.checked_mul(*bytes).ok_or_else(|| Problem::new("this size is larger than 16 EiB"))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, bytes) =
            UNITS.iter().find(|(_, bytes)| self.0 >= *bytes && self.0.is_multiple_of(*bytes)).unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

written_as_text!(
    Size,
    "size",
    "A size: a whole number and a unit (KiB, MiB, GiB, TiB or KB, MB, GB, TB).",
    "10GiB",
    r"^[0-9]+\s*([KMGT]i?)?B$"
);

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn reads_and_writes() {
        assert_eq!("10GiB".parse::<Size>().unwrap().bytes(), 10 << 30);
        assert_eq!("10 GB".parse::<Size>().unwrap().bytes(), 10_000_000_000);
        for text in ["0B", "1B", "1536MiB", "10GB", "3TiB", "1000KiB"] {
            let size: Size = text.parse().unwrap();
            assert_eq!(size.to_string().parse::<Size>().unwrap(), size);
        }
    }

    #[test]
    fn names_the_unit_to_write() {
        let hint = |text: &str| text.parse::<Size>().unwrap_err().hint.unwrap();
        assert_eq!(hint("10G"), "write `10GiB` or `10GB`");
        assert_eq!(hint("10"), "add a unit, such as `10GiB`");
        assert!(hint("1.5GiB").contains("1536MiB"));
        assert!("99999999999TiB".parse::<Size>().is_err());
        assert!("".parse::<Size>().is_err());
    }
}
