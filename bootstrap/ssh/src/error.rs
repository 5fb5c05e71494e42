//! What can go wrong between here and a host.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::identity::IdentityError;
use crate::known_hosts::HostKeyError;

/// An error of the SSH transport. Every message names the host; [`SshError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// The name does not resolve.
    #[error("{host}: cannot resolve `{address}`")]
    Dns {
        /// The endpoint's name.
        host: String,
        /// The name that was looked up.
        address: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// TCP said no: refused, no route, network down.
    #[error("{host}: cannot reach {address}")]
    Unreachable {
        /// The endpoint's name.
        host: String,
        /// `address:port`.
        address: String,
        /// The system's answer.
        source: io::Error,
    },
    /// TCP said nothing.
    #[error("{host}: no answer from {address} within {after:?}")]
    ConnectTimeout {
        /// The endpoint's name.
        host: String,
        /// `address:port`.
        address: String,
        /// How long was waited.
        after: Duration,
    },
    /// TCP connected, but SSH did not get through its handshake in time.
    #[error("{host}: {address} accepted the connection, then {stage} took longer than {after:?}")]
    Silent {
        /// The endpoint's name.
        host: String,
        /// `address:port`.
        address: String,
        /// What was waited for: the key exchange or the authentication.
        stage: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The SSH handshake failed.
    #[error("{host}: the SSH handshake with {address} failed")]
    Handshake {
        /// The endpoint's name.
        host: String,
        /// `address:port`.
        address: String,
        /// The protocol error.
        source: Box<russh::Error>,
    },
    /// Client and server share no algorithm.
    #[error("{host}: no common {kind} algorithm, the server offers {theirs}")]
    NoCommonAlgorithm {
        /// The endpoint's name.
        host: String,
        /// `host key`, `key exchange`, `cipher` or `mac`.
        kind: &'static str,
        /// What the server offers, comma separated.
        theirs: String,
    },
    /// The host key is unknown, changed, revoked or cannot be checked.
    #[error("{host}: the host key is not trusted")]
    HostKey {
        /// The endpoint's name.
        host: String,
        /// Which of these, with file, line and fingerprints.
        source: Box<HostKeyError>,
    },
    /// The key file cannot be used.
    #[error("{host}: cannot use the identity file")]
    Identity {
        /// The endpoint's name.
        host: String,
        /// Which file and why.
        source: Box<IdentityError>,
    },
    /// The agent was asked for and cannot be used, and no key file is left to try.
    #[error("{host}: cannot use the SSH agent: {reason}")]
    Agent {
        /// The endpoint's name.
        host: String,
        /// What happened.
        reason: String,
    },
    /// There is no key to try.
    #[error("{host}: no key to log in with as `{user}`")]
    NoIdentity {
        /// The endpoint's name.
        host: String,
        /// The login name.
        user: String,
    },
    /// The server refused every key.
    #[error("{host}: the server refuses every key for `{user}`: {}", tried.join(", "))]
    KeyRefused {
        /// The endpoint's name.
        host: String,
        /// The login name.
        user: String,
        /// The keys that were tried, each with its origin and fingerprint.
        tried: Vec<String>,
        /// Keys of the agent that the server did not wait for.
        not_offered: usize,
    },
    /// The server ended the connection over the first key.
    #[error("{host}: the server ended the login of `{user}` with {key}")]
    LoginEnded {
        /// The endpoint's name.
        host: String,
        /// The login name.
        user: String,
        /// The key, with its origin and fingerprint.
        key: String,
        /// The protocol error.
        source: Box<russh::Error>,
    },
    /// The jump host cannot be used.
    #[error("{host}: cannot connect through the bastion `{bastion}`")]
    Bastion {
        /// The endpoint's name.
        host: String,
        /// The bastion's name.
        bastion: String,
        /// Why.
        source: Box<SshError>,
    },
    /// The server refuses to open a channel: too many sessions, forwarding forbidden, or the far address refuses.
    #[error("{host}: the server refuses to open a channel for {what}: {reason}")]
    ChannelRefused {
        /// The endpoint's name.
        host: String,
        /// What the channel was for.
        what: String,
        /// The server's reason.
        reason: String,
    },
    /// The connection broke, or the peer stopped answering keep-alives.
    #[error("{host}: connection lost during {what}: {reason}")]
    ConnectionLost {
        /// The endpoint's name.
        host: String,
        /// What was going on.
        what: String,
        /// What is known of the cause.
        reason: String,
    },
    /// It took too long.
    #[error("{host}: {what} did not end within {after:?}")]
    Timeout {
        /// The endpoint's name.
        host: String,
        /// What was waited for.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// The command printed more than it may.
    #[error("{host}: {what} printed more than {limit} bytes")]
    TooMuchOutput {
        /// The endpoint's name.
        host: String,
        /// The command.
        what: String,
        /// The limit in bytes, stdout and stderr together.
        limit: usize,
    },
    /// The session ended before the command or the script did.
    #[error("{host}: {what} was cut off before its end")]
    CutOff {
        /// The endpoint's name.
        host: String,
        /// The command or script.
        what: String,
        /// The last lines it printed.
        last: String,
    },
    /// The shell gave up on the script: a syntax error, or no memory.
    #[error("{host}: the shell gave up on {what}: {last}")]
    ScriptRejected {
        /// The endpoint's name.
        host: String,
        /// The script's name.
        what: String,
        /// The last lines of its error output.
        last: String,
    },
    /// The login shell never started a POSIX shell (`nologin`, a forced command, a broken profile).
    #[error("{host}: the login shell of `{user}` did not start `sh`: {last}")]
    NoShell {
        /// The endpoint's name.
        host: String,
        /// The login name.
        user: String,
        /// The last lines it printed.
        last: String,
    },
    /// `sudo -n` said no.
    #[error("{host}: `{user}` may not use sudo without a password: {last}")]
    SudoRefused {
        /// The endpoint's name.
        host: String,
        /// The login name.
        user: String,
        /// What sudo printed.
        last: String,
    },
    /// An upload found no room.
    #[error("{host}: no space left on the disk of `{path}`")]
    DiskFull {
        /// The endpoint's name.
        host: String,
        /// The file that was being written; it is as it was before.
        path: PathBuf,
    },
    /// An upload failed; the file is as it was before.
    #[error("{host}: cannot write `{path}`: {last}")]
    Upload {
        /// The endpoint's name.
        host: String,
        /// The file that was being written.
        path: PathBuf,
        /// The last lines of the error output.
        last: String,
    },
}

impl SshError {
    /// The name of the endpoint it happened on.
    pub fn host(&self) -> &str {
        match self {
            Self::Dns { host, .. }
            | Self::Unreachable { host, .. }
            | Self::ConnectTimeout { host, .. }
            | Self::Silent { host, .. }
            | Self::Handshake { host, .. }
            | Self::NoCommonAlgorithm { host, .. }
            | Self::HostKey { host, .. }
            | Self::Identity { host, .. }
            | Self::Agent { host, .. }
            | Self::NoIdentity { host, .. }
            | Self::KeyRefused { host, .. }
            | Self::LoginEnded { host, .. }
            | Self::Bastion { host, .. }
            | Self::ChannelRefused { host, .. }
            | Self::ConnectionLost { host, .. }
            | Self::Timeout { host, .. }
            | Self::TooMuchOutput { host, .. }
            | Self::CutOff { host, .. }
            | Self::ScriptRejected { host, .. }
            | Self::NoShell { host, .. }
            | Self::SudoRefused { host, .. }
            | Self::DiskFull { host, .. }
            | Self::Upload { host, .. } => host,
        }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Dns { .. } => "check the address in the inventory, or use an IP address".into(),
            Self::Unreachable { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused => {
                "the host is up but nothing listens there: check the port and that sshd runs".into()
            }
            Self::Unreachable { .. } | Self::ConnectTimeout { .. } => {
                "check that the host is up and that no firewall is in between".into()
            }
            Self::Silent { .. } => "the host may be overloaded or the port may belong to something that is not SSH".into(),
            Self::Handshake { .. } => {
                "the server closed the connection early: see its log (`journalctl -u ssh`), `PerSourcePenalties`, `MaxStartups` and fail2ban"
                    .into()
            }
            Self::NoCommonAlgorithm { kind: "host key", .. } => {
                "ed25519 and ecdsa host keys are supported, rsa is not: run `ssh-keygen -A` on the host and reload sshd".into()
            }
            Self::NoCommonAlgorithm { .. } => "update OpenSSH on the host, or allow current algorithms in its sshd_config".into(),
            Self::HostKey { source, .. } => return source.hint(),
            Self::Identity { source, .. } => return source.hint(),
            Self::Agent { .. } | Self::NoIdentity { .. } => {
                "name a key file in the inventory (`ssh.identity`), or start `ssh-agent` and `ssh-add` the key".into()
            }
            Self::KeyRefused { not_offered: left @ 1.., .. } => format!(
                "{left} more of the agent's keys were not offered, and servers lock out who fails often: name the right one, by \
                 its public half: `identityFile: ~/.ssh/NAME.pub`"
            ),
            Self::LoginEnded { user, .. } => format!(
                "the key may be the right one: see `/etc/nologin`, and whether the account `{user}` is locked or expired \
                 (`journalctl -u ssh` on the host)"
            ),
            Self::KeyRefused { user, .. } => format!("add the public key to `~{user}/.ssh/authorized_keys` on the host"),
            Self::Bastion { source, .. } => return source.hint(),
            Self::ChannelRefused { .. } => "see `MaxSessions` and `AllowTcpForwarding` in the host's sshd_config".into(),
            Self::ConnectionLost { .. } | Self::CutOff { .. } => {
                "run again: what was started on the host goes on and is picked up".into()
            }
            Self::NoShell { .. } => "the user needs a login shell that can start `sh` and no forced command".into(),
            Self::SudoRefused { user, last, .. } if last.contains("tty") => {
                format!("sudo wants a terminal: add `Defaults:{user} !requiretty` to its settings (`visudo`)")
            }
            Self::SudoRefused { user, .. } => {
                format!("install sudo and allow `{user} ALL=(ALL) NOPASSWD: ALL`, or log in as root")
            }
            Self::DiskFull { .. } => "free some space on the host; the file is as it was before".into(),
            Self::Timeout { .. } => {
                "the host is overloaded, or a startup file of the user's shell waits for something: see `ssh HOST true`".into()
            }
            Self::TooMuchOutput { .. } | Self::ScriptRejected { .. } | Self::Upload { .. } => return None,
        })
    }

    /// Whether the same thing may succeed on a new connection: the network or the host went away, nothing was refused.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::ConnectTimeout { .. }
            | Self::Silent { .. }
            | Self::Handshake { .. }
            | Self::LoginEnded { .. }
            | Self::ConnectionLost { .. }
            | Self::CutOff { .. } => true,
            Self::Bastion { source, .. } => source.is_transient(),
            _ => false,
        }
    }
}
