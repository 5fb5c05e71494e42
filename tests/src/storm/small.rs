//! A small region for sweeps: two servers, without volumes.

use super::ground::Ground;
use crate::region::Failed;

const HOSTS: [&str; 2] = ["compute-1", "compute-2"];
/// `%NAME%` is the lab's name.
const DOCUMENT: &str = r#"
apiVersion: regionctl.dev/v1alpha1
kind: Region
metadata:
  name: %NAME%
spec:
  domain: lab.internal
  release: "2026.11"
  network:
    public: {cidr: 203.0.113.0/24}
    vrack: {cidr: 10.90.0.0/24}
    gateway: {vip: 10.90.0.1, servers: [compute-1, compute-2]}
    firewall: {operators: [203.0.113.0/24]}
  servers:
    - {name: compute-1, roles: [compute], address: 203.0.113.11, vrack: {address: 10.90.0.21}}
    - {name: compute-2, roles: [compute], address: 203.0.113.12, vrack: {address: 10.90.0.22}}
  base:
    timezone: Europe/Paris
  vpn:
    servers: [compute-1]
    users: [{name: alice}, {name: olga, group: operators}]
  lab:
    image: debian-13
    kind: container
"#;

/// The region, on fresh servers.
///
/// # Errors
/// Its lab does not come up.
pub fn small(name: &'static str) -> Result<Ground, Failed> {
    Ground::up(name, DOCUMENT.replacen("%NAME%", name, 1), &HOSTS, Some("compute-2"))
}
