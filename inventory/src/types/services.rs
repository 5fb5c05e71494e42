//! The services of the platform.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Component, Values};
use crate::values::{DnsName, Size};

/// The services of the platform. One that is left out is not installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Services {
    /// Keeps secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<Vault>,
    /// Knows the users: Keycloak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keycloak: Option<Component>,
    /// Keeps the sources and builds them: GitLab and its runner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gitlab: Option<Component>,
    /// Keeps the images and scans them: Harbor and Trivy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harbor: Option<Component>,
    /// Delivers: Argo CD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argocd: Option<Component>,
    /// Reviews the sources: SonarQube.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sonarqube: Option<Component>,
    /// Keeps packages: Nexus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nexus: Option<Component>,
}

/// Keeps secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Vault {
    /// Whether to install it.
    pub enabled: bool,
    /// Which one.
    pub kind: VaultKind,
    /// Its DNS name. Left out, `vault.` in the `apps.` domain of the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<DnsName>,
    /// How much storage it has. Left out, what its add-on says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Size>,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for Vault {
    fn default() -> Self {
        Self { enabled: true, kind: VaultKind::Openbao, host: None, storage: None, values: Values::new() }
    }
}

/// Which keeper of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VaultKind {
    /// OpenBao, free software.
    #[default]
    Openbao,
    /// HashiCorp Vault, under the Business Source License.
    Vault,
}
