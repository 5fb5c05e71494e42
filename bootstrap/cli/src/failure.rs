//! Why a verb gave up: the exit code, what was tried and failed, and a hint.

use std::fmt;
use std::io;
use std::path::Path;

use crate::exit::Exit;

/// An error on its way to the operator. It is printed in one place, in `main`.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What was tried and why it failed; may have several lines.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// True if the message is printed as it is, because it says itself that it is an error.
    pub as_is: bool,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, as_is: false }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The message says itself that it is an error, and where.
    #[must_use]
    pub fn unadorned(mut self) -> Self {
        self.as_is = true;
        self
    }

    /// A message whose last line may be `hint: …`.
    pub fn from_text(exit: Exit, text: &str) -> Self {
        match text.rsplit_once("\nhint: ") {
            Some((message, hint)) => Self::new(exit, message).hint(hint),
            None => Self::new(exit, text),
        }
    }

    /// A file on this machine: `doing` is such as `read` or `write`.
    pub fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::Local, format!("cannot {doing} `{}`: {}", path.display(), lower(&error.to_string())))
    }

    /// An error whose own words are the message, with its sources.
    pub fn from_error(exit: Exit, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !message.contains(&cause_text) {
                message += ": ";
                message += &cause_text;
            }
            source = cause.source();
        }
        Self::new(exit, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The system's messages begin with a capital: `No such file or directory (os error 2)`.
fn lower(text: &str) -> String {
    let text = text.split(" (os error").next().unwrap_or(text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
