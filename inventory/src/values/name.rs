//! Names of regions, servers, disks, volumes, machines and users.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// A DNS label (RFC 1123): 1 to 63 lower case letters, digits and hyphens, starting with a letter and not ending with a
/// hyphen. A server's name becomes its host name, so all names follow the same rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let rule = "a name has 1 to 63 lower case letters, digits and hyphens, and starts with a letter";
        let good = (1..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-');
        if good {
            return Ok(Self(text.to_owned()));
        }
        let suggestion: String = text
            .to_ascii_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .skip_while(|c| !c.is_ascii_lowercase())
            .take(63)
            .collect();
        let suggestion = suggestion.trim_end_matches('-');
        if suggestion.is_empty() {
            return Err(Problem::hinted("not a valid name", rule));
        }
        Err(Problem::hinted("not a valid name", format!("{rule}; for example `{suggestion}`")))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

written_as_text!(
    Name,
    "name",
    "A name: 1 to 63 lower case letters, digits and hyphens, starting with a letter.",
    "storage-1",
    r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
);

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn suggests_a_valid_name() {
        let problem = "Storage_1".parse::<Name>().unwrap_err();
        assert!(problem.hint.unwrap().ends_with("`storage-1`"));
        for bad in ["", "-", "1", "a-", "é", &"a".repeat(64), "a.b"] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
        assert!("a".parse::<Name>().is_ok());
    }
}
