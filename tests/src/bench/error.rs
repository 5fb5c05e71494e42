//! What can go wrong in the bench, each with what to do about it.

use std::path::{Path, PathBuf};

/// An error of the bench.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Somebody pressed Ctrl-C.
    #[error("interrupted; nothing is left behind")]
    Interrupted,
    /// The bench itself is wrong.
    #[error("the bench broke: {0}")]
    Bug(String),
    /// A local program failed.
    #[error("`{command}` failed ({status}){}\nhint: {hint}", tail(.output))]
    Program {
        /// The command line.
        command: String,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
        /// What to do.
        hint: String,
    },
    /// A file operation failed.
    #[error("cannot {what} `{}`", .path.display())]
    Io {
        /// What was tried: a verb.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A text that should be JSON is not.
    #[error("`{what}` is not what it should be")]
    Json {
        /// A file, or whose answer.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The lab.
    #[error(transparent)]
    Lab(#[from] regionctl_lab::LabError),
    /// A tool did not do what was measured, so that its time means nothing.
    #[error("{tool}: {what}")]
    NotDone {
        /// Which tool.
        tool: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A number is not what it must be.
    #[error("the bench does not hold: {}", .0.join("; "))]
    Missed(Vec<String>),
}

impl BenchError {
    /// For `map_err` on a file operation.
    pub fn io(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { what, path, source }
    }

    /// For `map_err` on JSON.
    pub fn json(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.into();
        move |source| Self::Json { what, source }
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(15)..];
    if last.is_empty() { String::new() } else { format!(":\n{}", last.join("\n")) }
}
