//! The time, and who sets it.

use serde::{Deserialize, Serialize};

use super::{maybe, push, text};

/// The time, and who sets it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// The host's clock at the start of the script, in seconds since 1970.
    pub start: Option<f64>,
    /// The host's clock at the end of the script, in seconds since 1970.
    pub end: Option<f64>,
    /// Time services that are running.
    pub services: Vec<String>,
    /// `NTPSynchronized` of `timedatectl`: `yes`, `no`, or empty.
    pub synchronised: String,
}

impl Clock {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "start" => maybe(&mut self.start, value),
            "end" => maybe(&mut self.end, value),
            "service" => push(&mut self.services, value),
            "synchronised" => text(&mut self.synchronised, value),
            _ => false,
        }
    }
}
