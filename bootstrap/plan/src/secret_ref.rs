//! How resources speak of secrets: by name and version, never by value.

use std::fmt;

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";

/// One version of a secret, written `{{secret:NAME@VERSION}}` where its value goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.split_once('@')?;
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | '/');
        let version = version.parse().ok().filter(|version| *version > 0)?;
        (!name.is_empty() && name.chars().all(letter)).then(|| Self { name: name.to_owned(), version })
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
        match SecretRef::parse(&text[inside..close]) {
            Some(secret) => {
                pieces.extend([Piece::Text(&text[from..open]), Piece::Secret(secret)]);
                from = close + CLOSE.len();
                look = from;
            }
            None => look = inside,
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
