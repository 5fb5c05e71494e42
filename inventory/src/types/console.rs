//! The console of the tenants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Values;
use crate::values::{DnsName, Name};

/// The Cloud Pi Native console, and the zone and cluster that it is told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Console {
    /// Whether to install it.
    pub enabled: bool,
    /// Its DNS name. Left out, `console.` in the `apps.` domain of the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<DnsName>,
    /// The name of the region's zone in the console. Left out, the region's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for Console {
    fn default() -> Self {
        Self { enabled: true, host: None, zone: None, values: Values::new() }
    }
}
