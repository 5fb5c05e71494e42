//! Why a host key is not trusted.

use std::io;
use std::path::PathBuf;

/// An error of host key verification.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostKeyError {
    /// The file does not name the host.
    #[error("`{name}` is not in `{}`, it shows {fingerprint}", file.display())]
    Unknown {
        /// The name as it would be written in the file.
        name: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The key the server showed: algorithm and SHA-256 fingerprint.
        fingerprint: String,
    },
    /// The file names the host with another key.
    #[error("the key of `{name}` changed: {}:{line} has {old}, the server shows {new}", file.display())]
    Changed {
        /// The name as it is looked up.
        name: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The line with the old key, from 1.
        line: usize,
        /// The old key: algorithm and SHA-256 fingerprint.
        old: String,
        /// The key the server showed.
        new: String,
    },
    /// The file revokes the key.
    #[error("the key of `{name}`, {fingerprint}, is revoked by {}:{line}", file.display())]
    Revoked {
        /// The name as it is looked up.
        name: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The revoking line, from 1.
        line: usize,
        /// The key: algorithm and SHA-256 fingerprint.
        fingerprint: String,
    },
    /// The file knows the host only by keys of a type that cannot be verified here (rsa).
    #[error("{}:{line} knows `{name}` only by {known}, which cannot be verified", file.display())]
    Unverifiable {
        /// The name as it is looked up.
        name: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The line with that key, from 1.
        line: usize,
        /// The known key's algorithm.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read `{}`", file.display())]
    Read {
        /// The known_hosts file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A new key is not written into a file that is something else.
    #[error("the key of `{name}` is not written into `{}`, whose line {line} is none of a known_hosts file", file.display())]
    NotKnownHosts {
        /// The name as it would be written in the file.
        name: String,
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A new key cannot be written.
    #[error("cannot write `{}`", file.display())]
    Write {
        /// The known_hosts file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl HostKeyError {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { .. } => {
                "compare the fingerprint with the host's console (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then use `--accept-new`".into()
            }
            Self::Changed { name, file, .. } => format!(
                "somebody may be in between; if the host was reinstalled: `ssh-keygen -R '{name}' -f {}`, then `--accept-new`",
                file.display()
            ),
            Self::Revoked { .. } => "this key must never be trusted again: give the host a new one".into(),
            Self::Unverifiable { name, .. } => format!("rsa host keys are not supported: add the host's ed25519 key for `{name}` to the file"),
            Self::NotKnownHosts { .. } => "name a file of its own in `ssh.knownHosts`, or leave it out".into(),
            Self::Read { .. } | Self::Write { .. } => return None,
        })
    }
}
