//! Private key files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use russh::keys::{PrivateKey, PublicKey, decode_secret_key, load_public_key};

/// More than a key file has.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The key file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// It needs a passphrase, and no agent holds it.
    #[error("`{}` is protected by a passphrase", path.display())]
    Encrypted {
        /// The key file.
        path: PathBuf,
    },
    /// It is an rsa key.
    #[error("`{}` is an rsa key, which is not supported from a file", path.display())]
    Rsa {
        /// The key file.
        path: PathBuf,
    },
    /// It is a public key: the agent signs, and has it not or was not asked.
    #[error("`{}` is a public key, and no agent has its private half", path.display())]
    Public {
        /// The key file.
        path: PathBuf,
    },
    /// It is not a private key in a known format.
    #[error("`{}` is not a private key", path.display())]
    Invalid {
        /// The key file.
        path: PathBuf,
        /// What the parser found.
        source: russh::keys::Error,
    },
}

impl IdentityError {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Read { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("only its owner may read it: `chmod 600 {}`", path.display())
            }
            Self::Read { .. } => "check `ssh.identityFile` in the inventory".into(),
            Self::Encrypted { path } => format!("unlock it in the agent: `ssh-add {}`", path.display()),
            Self::Rsa { path } => format!(
                "make an ed25519 key (`ssh-keygen -t ed25519`), or let the agent sign with this one: `ssh-add {}`",
                path.display()
            ),
            Self::Public { path } => {
                format!("plug its device in and see `ssh-add -l`, or `ssh-add {}`", path.with_extension("").display())
            }
            Self::Invalid { .. } => "give a private key in OpenSSH format, or the `.pub` file of one that the agent has".into(),
        })
    }

    /// Whether an agent could still log in with this key.
    pub(crate) fn agent_may_help(&self) -> bool {
        matches!(self, Self::Encrypted { .. } | Self::Rsa { .. } | Self::Public { .. })
    }
}

/// The keys that a passphrase opened, by their files: a run makes many connections and asks once.
static UNLOCKED: Mutex<BTreeMap<PathBuf, PrivateKey>> = Mutex::new(BTreeMap::new());

/// True if a key file needs a passphrase that was not given yet.
pub fn is_locked(path: &Path) -> bool {
    matches!(load(path), Err(IdentityError::Encrypted { .. }))
}

/// Opens a key file for all connections of this process.
///
/// # Errors
/// The file cannot be used, or the passphrase is another one: then it is [`IdentityError::Encrypted`].
pub fn unlock(path: &Path, passphrase: &str) -> Result<(), IdentityError> {
    let key = decode(path, Some(passphrase))?;
    UNLOCKED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), key);
    Ok(())
}

/// Loads a private key that needs no passphrase, or was unlocked.
pub(crate) fn load(path: &Path) -> Result<PrivateKey, IdentityError> {
    if let Some(key) = UNLOCKED.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
        return Ok(key.clone());
    }
    decode(path, None)
}

fn decode(path: &Path, passphrase: Option<&str>) -> Result<PrivateKey, IdentityError> {
    // Anybody may read that one.
    if named_public(path).is_some() {
        return Err(IdentityError::Public { path: path.to_owned() });
    }
    let text =
        regionctl_files::read_private(path, MAX_BYTES).map_err(|source| IdentityError::Read { path: path.to_owned(), source })?;
    let text = String::from_utf8_lossy(&text);
    let key = decode_secret_key(&text, passphrase).map_err(|source| match source {
        // With another passphrase the key is no key.
        _ if passphrase.is_some() => IdentityError::Encrypted { path: path.to_owned() },
        russh::keys::Error::KeyIsEncrypted => IdentityError::Encrypted { path: path.to_owned() },
        russh::keys::Error::UnsupportedKeyType { ref key_type_string, .. } if key_type_string == "RSA" => {
            IdentityError::Rsa { path: path.to_owned() }
        }
        source if text.contains("ENCRYPTED") => {
            tracing::debug!(%source, "encrypted key file");
            IdentityError::Encrypted { path: path.to_owned() }
        }
        source => IdentityError::Invalid { path: path.to_owned(), source },
    })?;
    if key.algorithm().is_rsa() {
        return Err(IdentityError::Rsa { path: path.to_owned() });
    }
    Ok(key)
}

/// The public half of a key file that cannot be used itself, to find it in the agent.
pub(crate) fn public_half(path: &Path) -> Option<PublicKey> {
    if let Ok(text) = regionctl_files::read(path, MAX_BYTES)
        && let Ok(key) = PrivateKey::from_openssh(&text)
    {
        return Some(key.public_key().clone());
    }
    if let Some(key) = named_public(path) {
        return Some(key);
    }
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    load_public_key(PathBuf::from(public)).ok()
}

/// The key of a file that is a public one: how a key of a device, or one among many of an agent, is named.
fn named_public(path: &Path) -> Option<PublicKey> {
    let text = regionctl_files::read(path, MAX_BYTES).ok()?;
    PublicKey::from_openssh(std::str::from_utf8(&text).ok()?.trim()).ok()
}
