//! What is backed up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Backups of etcd, of the services' databases and of the region's own state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backup {
    /// Whether to make them.
    #[serde(default = "Backup::default_enabled")]
    pub enabled: bool,
    /// When: a calendar expression of systemd, such as `daily` or `*-*-* 02:30`.
    #[serde(default = "Backup::default_schedule")]
    #[schemars(length(min = 1))]
    pub schedule: String,
    /// How many are kept.
    #[serde(default)]
    pub retention: Retention,
    /// Where to: `s3://HOST/BUCKET/PREFIX`, `sftp://USER@HOST/PATH` or `file:///PATH`. Its credentials are in the secrets
    /// file.
    #[schemars(length(min = 1))]
    pub target: String,
}

impl Backup {
    fn default_enabled() -> bool {
        true
    }

    fn default_schedule() -> String {
        "*-*-* 02:30".to_owned()
    }
}

/// How many backups are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retention {
    /// One of each of so many days.
    #[schemars(range(min = 1, max = 3650))]
    pub daily: u16,
    /// One of each of so many weeks.
    pub weekly: u16,
    /// One of each of so many months.
    pub monthly: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { daily: 7, weekly: 4, monthly: 12 }
    }
}
