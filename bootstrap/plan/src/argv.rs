//! The quoting type: every word that reaches a shell passes through here.

use std::fmt;

/// One command line as a list of words, displayed with POSIX quoting.
///
/// SSH carries a command as one string and scripts are text, so a word must be quoted exactly once. This is the only
/// place that does it.
///
/// ```
/// use regionctl_plan::Argv;
/// assert_eq!(Argv::new("echo").arg("a b").arg("it's").to_string(), r#"echo 'a b' "it's""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argv(Vec<String>);

impl Argv {
    /// A command line of one word.
    pub fn new(program: impl Into<String>) -> Self {
        Self(vec![program.into()])
    }

    /// Adds one word.
    #[must_use]
    pub fn arg(mut self, word: impl Into<String>) -> Self {
        self.0.push(word.into());
        self
    }

    /// Adds several words.
    #[must_use]
    pub fn args<I, S>(mut self, words: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.0.extend(words.into_iter().map(Into::into));
        self
    }

    /// The words, unquoted: for `std::process::Command`, which needs no shell.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Argv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&quote(word))?;
        }
        Ok(())
    }
}

/// One word with POSIX quoting. A NUL byte, which no shell word can hold, is dropped.
pub fn quote(word: &str) -> String {
    match shlex::try_quote(word) {
        Ok(quoted) => quoted.into_owned(),
        Err(_) => quote(&word.replace('\0', "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_words_stay_one_word() {
        for word in ["", "a b", "$(reboot)", "`id`", "it's", "\n", "a;b", "*", "-n", "é", "\"'\"", "~"] {
            let line = Argv::new("printf").arg("%s").arg(word).to_string();
            let out = std::process::Command::new("sh").arg("-c").arg(&line).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&out.stdout), word, "{line}");
        }
    }
}
