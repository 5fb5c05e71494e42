//! The region's own registry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{FolderPath, Name};

/// The region's registry of container images and Debian packages, so that it installs and repairs itself without the
/// internet. Its name is `registry.` in the region's domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Registry {
    /// The servers that run it. Left out, the storage servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Name>,
    /// The port that it listens on.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Where the images are kept. Left out, a folder below `/var/lib`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<FolderPath>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { servers: Vec::new(), port: 5000, path: None }
    }
}
