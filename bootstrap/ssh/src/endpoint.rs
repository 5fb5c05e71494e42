//! Where a host is and how to log in.

use std::path::PathBuf;
use std::time::Duration;

/// One host as seen by SSH: address, login, what to trust, how long to wait.
///
/// Two equal endpoints are the same connection in a [`Pool`](crate::Pool).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The name used in every message; usually the server's name in the inventory.
    pub name: String,
    /// Address or DNS name to connect to; also the name looked up in known_hosts.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login name.
    pub user: String,
    /// Private key file in OpenSSH format, tried first.
    pub identity: Option<PathBuf>,
    /// Whether the keys of an SSH agent are tried after the identity file.
    pub agent: bool,
    /// The agent's socket; `None` means the one named by `SSH_AUTH_SOCK`.
    pub agent_socket: Option<PathBuf>,
    /// Whether commands run as root through `sudo -n`.
    pub sudo: bool,
    /// A jump host: the connection is made from there. Its host key is verified too.
    pub bastion: Option<Box<Endpoint>>,
    /// The known_hosts file host keys are verified against.
    pub known_hosts: PathBuf,
    /// Whether the key of a host that known_hosts does not name is written there instead of refused. A changed key is
    /// refused either way.
    pub accept_new: bool,
    /// Longest time for the TCP connection, and again for the SSH handshake with authentication.
    pub connect_timeout: Duration,
    /// A keep-alive is sent after this long without a byte from the host.
    pub keepalive_interval: Duration,
    /// The connection counts as lost after this many keep-alives without an answer.
    pub keepalive_max: u32,
}

impl Endpoint {
    /// An endpoint on port 22 with strict host keys, the agent allowed, no sudo, 10 s to connect and a dead peer
    /// noticed after 45 s.
    pub fn new(
        name: impl Into<String>,
        host: impl Into<String>,
        user: impl Into<String>,
        known_hosts: impl Into<PathBuf>,
    ) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port: 22,
            user: user.into(),
            identity: None,
            agent: true,
            agent_socket: None,
            sudo: false,
            bastion: None,
            known_hosts: known_hosts.into(),
            accept_new: false,
            connect_timeout: Duration::from_secs(10),
            keepalive_interval: Duration::from_secs(15),
            keepalive_max: 2,
        }
    }

    /// `host:port`, with brackets around an IPv6 address.
    pub fn address(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }
}
