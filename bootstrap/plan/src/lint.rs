//! Named findings about a plan: warnings, and what is forbidden unless it is allowed by name.

use serde::{Deserialize, Serialize};

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Warning,
    /// Stops the run unless `--allow NAME` is given.
    Error,
}

/// One thing that a lint or a preflight check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable name to pass to `--allow`.
    pub name: String,
    /// How serious.
    pub severity: Severity,
    /// The host; `None` if it concerns the region.
    pub host: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding with no host and no hint.
    pub fn new(name: &str, severity: Severity, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), severity, host: None, message: message.into(), hint: None }
    }

    /// On this host.
    #[must_use]
    pub fn on(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// With this advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The findings that stop a run: errors that `allowed` does not name.
pub fn forbidden<'a>(findings: &'a [Finding], allowed: &[String]) -> Vec<&'a Finding> {
    let stops = |f: &&Finding| f.severity == Severity::Error && !allowed.contains(&f.name);
    findings.iter().filter(stops).collect()
}
