//! Packages and where they come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{flag, push, text};

/// Packages and where they come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Apt {
    /// The configured sources, by `URI RELEASE`.
    pub sources: BTreeMap<String, AptSource>,
    /// True if apt goes through a proxy, which then resolves names.
    pub proxy: bool,
    /// What `dpkg --audit` says.
    pub audit: String,
    /// What `apt-get check` complains about.
    pub check_error: String,
    /// The process that holds a lock of apt or dpkg, as `NAME (process PID)`.
    pub lock_holder: String,
    /// The process that holds a lock of dpkg: it may be in the middle of its work.
    pub dpkg_holder: String,
    /// Our own run that is at work with packages, or was stopped while it was.
    pub ours: String,
    /// Packages on hold.
    pub held: Vec<String>,
    /// Packages that a negative priority keeps away, each as `FILE: NAME…`, names as apt_preferences(5) has them.
    pub pinned: Vec<String>,
}

/// A source of packages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AptSource {
    /// Why its index could not be fetched; empty if it could.
    pub error: String,
}

impl Apt {
    /// Who is at work with packages: a unit of ours, or another apt.
    pub fn at_work(&self) -> Option<&str> {
        let unit = Some(self.ours.as_str()).filter(|ours| ours.ends_with(".service"));
        unit.or(Some(self.lock_holder.as_str()).filter(|holder| !holder.is_empty()))
    }

    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "proxy" => flag(&mut self.proxy, value),
            "audit" => text(&mut self.audit, value),
            "check-error" => text(&mut self.check_error, value),
            "lock-holder" => text(&mut self.lock_holder, value),
            "dpkg-holder" => text(&mut self.dpkg_holder, value),
            "ours" => text(&mut self.ours, value),
            "pinned" => push(&mut self.pinned, value),
            "held" => push(&mut self.held, value),
            _ => false,
        }
    }
}

impl AptSource {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "fetched" => true,
            "error" => text(&mut self.error, value),
            _ => false,
        }
    }
}
