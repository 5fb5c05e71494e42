//! What is true on every server.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Name, Size};

/// What is true on every server, beside what regionctl itself needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Base {
    /// More Debian packages to install.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// More kernel settings, as `sysctl` has them. They win over those that regionctl sets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctl: BTreeMap<String, String>,
    /// More kernel modules to load at boot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// Public keys that may log in as the SSH user, one line each as in `authorized_keys`. They are added: keys that are
    /// there already stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorized_keys: Vec<String>,
    /// The time zone, as `timedatectl list-timezones` has it.
    pub timezone: String,
    /// Whether Debian's security updates are installed every day. What a layer pins (kernel, gluster, kubernetes) is left
    /// to upgrades of the release.
    pub security_updates: bool,
    /// Whether every server knows the others by name in `/etc/hosts`.
    pub hosts_file: bool,
    /// How sshd is hardened.
    pub sshd: Sshd,
    /// How much of the log is kept.
    pub journal: Journal,
}

impl Default for Base {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            sysctl: BTreeMap::new(),
            modules: Vec::new(),
            authorized_keys: Vec::new(),
            timezone: "Etc/UTC".to_owned(),
            security_updates: true,
            hosts_file: true,
            sshd: Sshd::default(),
            journal: Journal::default(),
        }
    }
}

/// How sshd is hardened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sshd {
    /// Whether regionctl writes settings for sshd at all.
    pub harden: bool,
    /// Whether a password is enough to log in.
    pub password_authentication: bool,
    /// Whether root may log in.
    pub permit_root_login: RootLogin,
    /// How many attempts a connection has.
    #[schemars(range(min = 1, max = 20))]
    pub max_auth_tries: u8,
    /// Whether X11 is forwarded.
    pub x11_forwarding: bool,
    /// The only users that may log in. Left out, all. The user of `spec.ssh` must be among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_users: Vec<Name>,
}

impl Default for Sshd {
    fn default() -> Self {
        Self {
            harden: true,
            password_authentication: false,
            permit_root_login: RootLogin::ProhibitPassword,
            max_auth_tries: 6,
            x11_forwarding: false,
            allow_users: Vec::new(),
        }
    }
}

/// Whether root may log in over SSH, in sshd's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RootLogin {
    /// With a key only.
    #[default]
    ProhibitPassword,
    /// With a key or a password. Written in quotes: a bare `yes` is a boolean to some readers of YAML.
    Yes,
    /// Never. The user of `spec.ssh` must then be another.
    No,
}

impl RootLogin {
    /// The value as `sshd_config` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProhibitPassword => "prohibit-password",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

/// How much of the log is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Journal {
    /// The most that it may take on disk.
    pub max_use: Size,
    /// How many days it is kept; 0 for as long as there is room.
    pub max_days: u16,
}

impl Default for Journal {
    fn default() -> Self {
        Self { max_use: Size::gib(1), max_days: 90 }
    }
}
