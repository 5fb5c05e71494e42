//! Text without what must not be seen: every known secret, however it is written, and whatever looks like a secret.

mod forms;
mod patterns;
mod pem;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use self::patterns::Patterns;

/// A shorter value is a part of ordinary words: hiding it would hide everything.
const SHORTEST: usize = 4;

/// Hides secrets. Everything is looked for in the text as it was, and what overlaps is hidden as one.
pub struct Redactor {
    /// `None` if no secrets are known.
    known: Option<AhoCorasick>,
    /// For each pattern of `known` whose it is.
    names: Vec<String>,
    patterns: Patterns,
    too_short: Vec<String>,
}

/// Why nothing can be hidden.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// There are too many secrets, or they are too large.
    #[error("the secrets are too many to look for")]
    TooMany(#[source] aho_corasick::BuildError),
    /// One of our own patterns.
    #[error("a pattern cannot be used")]
    Pattern(#[source] regex::Error),
}

/// Bytes to hide, and as what; `None`: it only looks like a secret.
struct Hidden<'a> {
    range: Range<usize>,
    name: Option<&'a str>,
}

impl Redactor {
    /// Hides these secrets, given by name, and what looks like one.
    ///
    /// # Errors
    /// They are too many.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RedactError> {
        let mut known: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
        let mut too_short = Vec::new();
        for (name, value) in secrets {
            let value = value.trim();
            if value.len() < SHORTEST {
                too_short.push(name.to_owned());
                continue;
            }
            for form in forms::of(value) {
                known.entry(form).or_insert(name);
            }
        }
        let names = known.values().map(|name| (*name).to_owned()).collect();
        let known = (!known.is_empty()).then(|| AhoCorasick::new(known.keys())).transpose().map_err(RedactError::TooMany)?;
        Ok(Self { known, names, patterns: Patterns::new().map_err(RedactError::Pattern)?, too_short })
    }

    /// The secrets whose values are too short to look for.
    pub fn too_short(&self) -> &[String] {
        &self.too_short
    }

    /// The text without secrets. Bytes that are no text stay as they are.
    pub fn redact(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut from = 0;
        for hidden in merge(self.find(text)) {
            out.extend_from_slice(text.get(from..hidden.range.start).unwrap_or_default());
            out.extend_from_slice(
                hidden.name.map_or_else(|| "[redacted]".into(), |name| format!("[redacted: {name}]")).as_bytes(),
            );
            from = hidden.range.end;
        }
        out.extend_from_slice(text.get(from..).unwrap_or_default());
        out
    }

    fn find(&self, text: &[u8]) -> Vec<Hidden<'_>> {
        let mut found: Vec<_> = self.patterns.find(text).into_iter().map(|range| Hidden { range, name: None }).collect();
        if let Some(known) = &self.known {
            // Overlapping: the end of one secret may be the beginning of another.
            found.extend(
                known
                    .find_overlapping_iter(text)
                    .map(|at| Hidden { range: at.range(), name: self.names.get(at.pattern().as_usize()).map(String::as_str) }),
            );
        }
        found
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// What overlaps becomes one, with the name of the secret in it that begins first and is longest.
fn merge(mut found: Vec<Hidden<'_>>) -> Vec<Hidden<'_>> {
    found.sort_by_key(|hidden| (hidden.range.start, usize::MAX - hidden.range.end));
    let mut merged: Vec<Hidden<'_>> = Vec::new();
    for next in found {
        match merged.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                last.range.end = last.range.end.max(next.range.end);
                last.name = last.name.or(next.name);
            }
            _ => merged.push(next),
        }
    }
    merged
}
