//! What can go wrong in a lab, each with what to do about it.

use std::path::{Path, PathBuf};

use crate::requirements::Missing;

/// An error of the lab. Its text ends with a `hint:` where there is something to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// The process is not root.
    #[error("a lab needs root: it makes network namespaces, mounts and loop devices\nhint: run the same command with `sudo`")]
    NotRoot,
    /// Programs are missing.
    #[error("the lab needs {}\nhint: `apt-get install {}`", list(.0, |m| format!("`{}`", m.program)), packages(.0))]
    Missing(
        /// What is missing, with its package.
        Vec<Missing>,
    ),
    /// The wanted lab makes no sense.
    #[error("lab `{lab}`: {}", .problems.join("; "))]
    Spec {
        /// The lab's name.
        lab: String,
        /// All that is wrong.
        problems: Vec<String>,
    },
    /// No lab of this name is up.
    #[error("no lab `{lab}` is up{}\nhint: `regionctl lab up` brings it up", show_known("labs", .known))]
    NoSuchLab {
        /// The name that was asked for.
        lab: String,
        /// The labs that exist.
        known: Vec<String>,
    },
    /// The lab has no host of this name.
    #[error("lab `{lab}` has no host `{host}`{}", show_known("hosts", .known))]
    NoSuchHost {
        /// The lab's name.
        lab: String,
        /// The name that was asked for.
        host: String,
        /// The hosts that exist.
        known: Vec<String>,
    },
    /// The lab that is up was made from another inventory.
    #[error("lab `{lab}` is up with another description: {what}\nhint: `regionctl lab down` first, or use another name")]
    Changed {
        /// The lab's name.
        lab: String,
        /// What differs.
        what: String,
    },
    /// A local program failed.
    #[error("`{command}` failed ({status}){}{}", tail(.output), show_hint(.hint))]
    Program {
        /// The command line, quoted.
        command: String,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
        /// What to do, or empty.
        hint: String,
    },
    /// A file operation failed.
    #[error("cannot {what} `{}`: {source}", .path.display())]
    Io {
        /// What was tried: a verb.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The lab's record cannot be read.
    #[error("cannot read the lab's record `{}`: {source}\nhint: `regionctl lab down` cleans up without it", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A condition did not come true in time.
    #[error("waited {seconds} s for {what}, in vain{}", tail(.detail))]
    Timeout {
        /// The condition.
        what: String,
        /// How long.
        seconds: u64,
        /// What is known about it: the end of a log, or empty.
        detail: String,
    },
    /// A host ended while it was awaited.
    #[error("host `{host}` ended while it started{}\nhint: its console is in `{}`", tail(.detail), .console.display())]
    HostEnded {
        /// The host.
        host: String,
        /// The end of its console.
        detail: String,
        /// The console's log.
        console: PathBuf,
    },
    /// `down` could not remove everything.
    #[error("lab `{lab}` is down, but something is left: {}", .left.join("; "))]
    Left {
        /// The lab's name.
        lab: String,
        /// What is left.
        left: Vec<String>,
    },
}

impl LabError {
    pub(crate) fn io(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}

fn list<T>(items: &[T], name: impl Fn(&T) -> String) -> String {
    items.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn packages(missing: &[Missing]) -> String {
    let mut packages: Vec<_> = missing.iter().map(|m| m.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages.join(" ")
}

fn show_known(what: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" ({what}: {})", names.join(", ")) }
}

fn tail(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!(":\n{text}") }
}

fn show_hint(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\nhint: {text}") }
}
