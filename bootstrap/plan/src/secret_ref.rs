//! How resources speak of secrets: by name and version, never by value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";

/// One version of a secret, written `{{secret:NAME@VERSION}}` where its value goes, and `NAME@VERSION` in
/// [`Resource::secrets`](crate::Resource::secrets), which alone says that a resource is given it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretRef {
    /// The entry in the region's secrets, such as `vpn/ca/cert`.
    pub name: String,
    /// From 1.
    pub version: u64,
}

impl SecretRef {
    /// The secrets that a text speaks of, in order.
    pub fn all(text: &str) -> Vec<Self> {
        pieces(text).into_iter().filter_map(|piece| if let Piece::Secret(secret) = piece { Some(secret) } else { None }).collect()
    }

    /// The text with a value in the place of each secret.
    ///
    /// # Errors
    /// The first that has none.
    pub fn fill(text: &str, mut value: impl FnMut(&Self) -> Option<String>) -> Result<String, Self> {
        let mut filled = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Secret(secret) => filled.push_str(&value(&secret).ok_or(secret)?),
            }
        }
        Ok(filled)
    }
}

/// A text that is not of the form `NAME@VERSION`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` does not name a secret; write `NAME@VERSION`, such as `vpn/ca/cert@1`")]
pub struct BadSecretRef(String);

impl FromStr for SecretRef {
    type Err = BadSecretRef;

    fn from_str(text: &str) -> Result<Self, BadSecretRef> {
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | '/');
        let parts = text.split_once('@').filter(|(name, _)| !name.is_empty() && name.chars().all(letter));
        let version = |version: &str| version.parse().ok().filter(|version| *version > 0);
        let secret = parts.and_then(|(name, of)| Some(Self { name: name.to_owned(), version: version(of)? }));
        secret.ok_or_else(|| BadSecretRef(text.to_owned()))
    }
}

impl TryFrom<String> for SecretRef {
    type Error = BadSecretRef;

    fn try_from(text: String) -> Result<Self, BadSecretRef> {
        text.parse()
    }
}

impl From<SecretRef> for String {
    fn from(secret: SecretRef) -> Self {
        format!("{}@{}", secret.name, secret.version)
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{}@{}{CLOSE}", self.name, self.version)
    }
}

enum Piece<'a> {
    Text(&'a str),
    Secret(SecretRef),
}

/// The text cut at its secrets; what only looks like one stays text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from, mut look) = (Vec::new(), 0, 0);
    while let Some(open) = text[look..].find(OPEN).map(|at| look + at) {
        let inside = open + OPEN.len();
        let Some(close) = text[inside..].find(CLOSE).map(|at| inside + at) else { break };
        match text[inside..close].parse() {
            Ok(secret) => {
                pieces.extend([Piece::Text(&text[from..open]), Piece::Secret(secret)]);
                from = close + CLOSE.len();
                look = from;
            }
            Err(_) => look = inside,
        }
    }
    pieces.push(Piece::Text(&text[from..]));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_and_filled() {
        let (one, two) = (SecretRef { name: "vpn/ca/key".into(), version: 3 }, SecretRef { name: "a".into(), version: 1 });
        let text = format!("x {one}\n{two}{one} {{{{secret:A@1}}}} {{{{secret:a@0}}}} {{{{x}}}} {{{{secret:");
        assert_eq!(SecretRef::all(&text), [one.clone(), two.clone(), one.clone()]);
        let filled = SecretRef::fill(&text, |secret| Some(secret.version.to_string())).unwrap();
        assert_eq!(filled, "x 3\n13 {{secret:A@1}} {{secret:a@0}} {{x}} {{secret:");
        assert_eq!(SecretRef::fill(&text, |secret| (*secret != two).then(String::new)), Err(two));
        assert_eq!(SecretRef::fill("{{secret:{{secret:a@1}}", |_| Some("v".into())).unwrap(), "{{secret:v");
    }

    #[test]
    fn a_value_is_not_read_again() {
        assert_eq!(SecretRef::fill("{{secret:a@1}}", |_| Some("{{secret:b@1}}".into())).unwrap(), "{{secret:b@1}}");
    }
}
