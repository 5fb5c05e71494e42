//! Who can open the file.

use std::fmt;

use crate::error::{RecipientProblem, SecretsError};

/// A public key that the file is encrypted to, with a word for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    text: String,
    label: Option<String>,
}

impl Recipient {
    /// Reads `age1…`, also that of a plugin, or a line such as `ssh-ed25519 AAAA… alice@laptop`, whose comment becomes the label.
    ///
    /// # Errors
    /// It is neither; the text is not repeated in the error.
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        let text = text.trim();
        let problem = |problem| Err(SecretsError::Recipient(problem));
        if is_private(text) {
            return problem(RecipientProblem::Private);
        }
        if text.starts_with("age1") {
            return match text.parse::<age::x25519::Recipient>() {
                Ok(key) => Ok(Self { text: key.to_string(), label: None }),
                // Of a plugin: `age1yubikey1…`.
                Err(_) => match text.parse::<age::plugin::Recipient>() {
                    Ok(key) => Ok(Self { text: key.to_string(), label: None }),
                    Err(_) => problem(RecipientProblem::Invalid),
                },
            };
        }
        let mut words = text.splitn(3, char::is_whitespace);
        let (kind, key, comment) = (words.next().unwrap_or_default(), words.next(), words.next());
        match (kind, key) {
            ("ssh-ed25519", Some(key)) => {
                let plain = format!("{kind} {key}");
                match plain.parse::<age::ssh::Recipient>() {
                    // What is written back must be what was given: the parser does not look at what follows the key.
                    Ok(key @ age::ssh::Recipient::SshEd25519(..)) if key.to_string() == plain => {
                        Ok(Self { text: plain, label: None }.labelled(comment))
                    }
                    _ => problem(RecipientProblem::Invalid),
                }
            }
            (kind, Some(_)) if kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-") => {
                problem(RecipientProblem::Kind(kind.chars().filter(char::is_ascii_graphic).take(40).collect()))
            }
            _ => problem(RecipientProblem::Invalid),
        }
    }

    /// The same key under another label; blank is none.
    #[must_use]
    pub fn labelled(mut self, label: Option<&str>) -> Self {
        let label = label.map(str::trim).filter(|label| !label.is_empty() && !is_private(label));
        self.label = label.map(|label| label.chars().filter(|c| !c.is_control()).take(100).collect());
        self
    }

    /// The public key: `age1…` or `ssh-ed25519 AAAA…`, without a comment.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The word for people.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The key as age uses it.
    ///
    /// # Errors
    /// The plugin that the key is for is not installed.
    pub(crate) fn key(&self) -> Result<Box<dyn age::Recipient>, SecretsError> {
        let invalid = || SecretsError::Recipient(RecipientProblem::Invalid);
        if self.text.starts_with("age1") {
            if let Ok(key) = self.text.parse::<age::x25519::Recipient>() {
                return Ok(Box::new(key));
            }
            let key = self.text.parse::<age::plugin::Recipient>().map_err(|_| invalid())?;
            let name = key.plugin().to_owned();
            let plugin = age::plugin::RecipientPluginV1::new(&name, &[key], &[], age::NoCallbacks);
            let missing = |_| SecretsError::Recipient(RecipientProblem::NoPlugin(format!("age-plugin-{name}")));
            return Ok(Box::new(plugin.map_err(missing)?));
        }
        match self.text.parse::<age::ssh::Recipient>() {
            Ok(key @ age::ssh::Recipient::SshEd25519(..)) => Ok(Box::new(key)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => f.write_str(label),
            None => f.write_str(&self.text),
        }
    }
}

/// True for text that looks like the private half of something.
pub(crate) fn is_private(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY"].iter().any(|mark| upper.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn problem(text: &str) -> RecipientProblem {
        match Recipient::parse(text) {
            Err(SecretsError::Recipient(problem)) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_kinds_and_their_labels() {
        let age = age::x25519::Identity::generate().to_public().to_string();
        let read = Recipient::parse(&format!(" {age}\n")).unwrap();
        assert_eq!((read.text(), read.label()), (age.as_str(), None));
        let read = Recipient::parse(&format!("{SSH} alice@laptop of 2026 \n")).unwrap();
        assert_eq!((read.text(), read.label()), (SSH, Some("alice@laptop of 2026")));
        assert!(read.key().is_ok());
        assert_eq!(read.clone().labelled(Some(" a\u{1b}b ")).label(), Some("ab"));
        assert_eq!(read.labelled(Some(" ")).label(), None);
    }

    #[test]
    fn what_is_no_recipient() {
        use RecipientProblem::{Invalid, Kind, Private};
        assert_eq!(problem(""), Invalid);
        assert_eq!(problem("age1"), Invalid);
        assert_eq!(problem("hunter2"), Invalid);
        assert_eq!(problem(&SSH[..60]), Invalid);
        assert_eq!(problem(&format!("{SSH}AAAA")), Invalid);
        assert_eq!(problem("ssh-ed25519"), Invalid);
        assert_eq!(problem("ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB"), Kind("ssh-rsa".into()));
        let plugin = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t";
        assert_eq!(Recipient::parse(plugin).unwrap().text(), plugin);
        assert_eq!(problem(&plugin[..40]), Invalid);
        let secret = age::x25519::Identity::generate();
        let secret = age::secrecy::ExposeSecret::expose_secret(&secret.to_string()).to_owned();
        assert_eq!(problem(&secret), Private);
        assert_eq!(problem(&secret.to_lowercase()), Private);
        assert!(!format!("{:?}", Recipient::parse(&secret)).contains(&secret[20..]));
    }
}
