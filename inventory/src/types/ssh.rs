//! How the servers are reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::Host;

/// How the servers are reached over SSH, from the operator's machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ssh {
    /// The user to log in as.
    #[schemars(length(min = 1))]
    pub user: String,
    /// The port of sshd; a server can have its own.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The file with the private key, seen from the folder of this document; `~` is the operator's home. Left out, the
    /// usual files of `~/.ssh` are tried. The `.pub` file names a key that the agent has, as of a key in hardware: no other is
    /// offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub identity_file: Option<String>,
    /// Whether to ask the agent of `SSH_AUTH_SOCK` for keys.
    pub agent: bool,
    /// The host to go through, when the servers are not reached directly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bastion: Option<Bastion>,
    /// The file with the known host keys. Left out, `~/.ssh/known_hosts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub known_hosts: Option<String>,
    /// Whether commands run through `sudo` (which must not ask for a password). Left out: yes, unless the user is `root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo: Option<bool>,
}

impl Default for Ssh {
    fn default() -> Self {
        Self { user: "root".to_owned(), port: 22, identity_file: None, agent: true, bastion: None, known_hosts: None, sudo: None }
    }
}

impl Ssh {
    /// Whether commands run through `sudo`: as written, or whenever the user is not `root`.
    pub fn uses_sudo(&self) -> bool {
        self.sudo.unwrap_or(self.user != "root")
    }
}

/// A host that connections go through (`ssh -J`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bastion {
    /// The bastion's address or DNS name.
    pub host: Host,
    /// The user on the bastion. Left out, the user of the servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub user: Option<String>,
    /// The port of the bastion's sshd.
    #[serde(default = "Bastion::default_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The file with the private key for the bastion. Left out, the keys of the servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub identity_file: Option<String>,
}

impl Bastion {
    fn default_port() -> u16 {
        22
    }
}
