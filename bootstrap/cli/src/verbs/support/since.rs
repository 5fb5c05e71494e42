//! How far back to look, as `90m`, `24h` or `7d`.

use std::str::FromStr;

/// A length of time and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// As it was written.
    pub text: String,
    /// In seconds.
    pub seconds: u64,
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "write a number of minutes, hours or days, as in `90m`, `24h` or `7d`";
        let each = match text.chars().last() {
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            _ => return Err(wrong),
        };
        let number: u32 = text.get(..text.len() - 1).unwrap_or_default().parse().map_err(|_| wrong)?;
        Ok(Self { text: text.to_owned(), seconds: u64::from(number) * each })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_hours_and_days() {
        let seconds = |text: &str| text.parse::<Since>().map(|since| since.seconds);
        assert_eq!([seconds("90m"), seconds("24h"), seconds("7d")], [Ok(5_400), Ok(86_400), Ok(604_800)]);
        for wrong in ["", "h", "24", "1w", "-1h", "1.5h", "24é", "99999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
