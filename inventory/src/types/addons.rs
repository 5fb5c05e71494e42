//! What every cluster needs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Component, Values};

/// What every cluster needs. A part that is left out is not installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Addons {
    /// Hands out addresses of `ranges.loadBalancers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancer>,
    /// Takes requests from outside to the services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,
    /// Makes and renews certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_manager: Option<CertManager>,
    /// Measures the cluster: metrics-server and kube-prometheus-stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Collects logs: ECK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Logs>,
    /// Shows the cluster in a browser: Headlamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<Component>,
    /// Operators of databases, by their folder's name under `addons/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<String>,
}

/// Hands out addresses to services of the type LoadBalancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LoadBalancer {
    /// Whether to install it.
    pub enabled: bool,
    /// Which one.
    pub kind: LoadBalancerKind,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for LoadBalancer {
    fn default() -> Self {
        Self { enabled: true, kind: LoadBalancerKind::Metallb, values: Values::new() }
    }
}

/// Which load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadBalancerKind {
    /// MetalLB, announcing on the vrack.
    #[default]
    Metallb,
}

/// Takes requests from outside to the services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ingress {
    /// Whether to install it.
    pub enabled: bool,
    /// Which one.
    pub kind: IngressClass,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for Ingress {
    fn default() -> Self {
        Self { enabled: true, kind: IngressClass::Traefik, values: Values::new() }
    }
}

/// Which ingress controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IngressClass {
    /// Traefik, which understands the annotations of the class `nginx` and the Gateway API.
    #[default]
    Traefik,
    /// ingress-nginx, which has no maintainers since March 2026.
    IngressNginx,
    /// F5's NGINX controller.
    Nginx,
}

/// Makes and renews certificates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CertManager {
    /// Whether to install it.
    pub enabled: bool,
    /// The account's mail address at the ACME server. Left out, the region's own authority signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The ACME server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for CertManager {
    fn default() -> Self {
        Self { enabled: true, email: None, server: None, values: Values::new() }
    }
}

/// Measures the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether to install it.
    pub enabled: bool,
    /// How many days metrics are kept.
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: u16,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, retention_days: 15, values: Values::new() }
    }
}

/// Collects logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Logs {
    /// Whether to install it.
    pub enabled: bool,
    /// How many days logs are kept.
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: u16,
    /// Values for its chart, laid over ours.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub values: Values,
}

impl Default for Logs {
    fn default() -> Self {
        Self { enabled: true, retention_days: 30, values: Values::new() }
    }
}
