//! What the parts of a cluster have in common.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{DnsName, Size};

/// Settings passed on as they are.
pub type Values = BTreeMap<String, serde_json::Value>;

/// One part that runs on the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Component {
    /// Whether to install it.
    pub enabled: bool,
    /// Its DNS name. Left out, its own name in the `apps.` domain of the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<DnsName>,
    /// How much storage it has. Left out, what its add-on says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Size>,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for Component {
    fn default() -> Self {
        Self { enabled: true, host: None, storage: None, values: Values::new() }
    }
}
