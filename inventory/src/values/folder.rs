//! Absolute paths of folders on a host.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// An absolute path on a host, without `.`, `..`, double slashes or a final slash. Made of letters, digits and `-_.+@`
/// only, so that it can stand in unit names and in mount tables without being escaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderPath(String);

impl FolderPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this path is `other` or lies below it.
    pub fn is_within(&self, other: &str) -> bool {
        match self.0.strip_prefix(other.trim_end_matches('/')) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

impl FromStr for FolderPath {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if !text.starts_with('/') {
            return Err(Problem::hinted("not an absolute path", format!("write `/{}`", text.trim_start_matches("./"))));
        }
        if text == "/" {
            return Ok(Self(text.to_owned()));
        }
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.+@".contains(c);
        if let Some(c) = text.chars().find(|c| *c != '/' && !good(*c)) {
            return Err(Problem::hinted(
                format!("`{}` cannot stand in a path here", c.escape_default()),
                "letters, digits, `-`, `_`, `.`, `+` and `@`",
            ));
        }
        if text[1..].split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Problem::hinted("not a plain path", "no `.`, `..`, `//` or final `/`"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

written_as_text!(FolderPath, "folder", "An absolute path on the host.", "/srv/data", r"^/[A-Za-z0-9_.+@/-]*$");

#[cfg(test)]
mod tests {
    use super::FolderPath;

    #[test]
    fn within() {
        let path: FolderPath = "/srv/data".parse().unwrap();
        assert!(path.is_within("/srv"));
        assert!(path.is_within("/srv/data"));
        assert!(path.is_within("/"));
        assert!(!path.is_within("/srv/da"));
    }
}
