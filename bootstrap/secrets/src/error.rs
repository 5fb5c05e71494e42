//! What can go wrong with the secrets of a region. No message ever holds a secret, nor text that may be one.

use std::io;
use std::path::{Path, PathBuf};

use crate::pki::PkiError;

/// An error of the secrets file or of what is made for it; [`SecretsError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// There is no such file.
    #[error("there is no secrets file `{}`", path.display())]
    Missing {
        /// The secrets file.
        path: PathBuf,
    },
    /// A new file was asked for and there is one.
    #[error("there is a secrets file already: `{}`", path.display())]
    Exists {
        /// The secrets file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file cannot be written; it is as it was before.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The secrets file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Somebody else wrote the file since it was opened; it is as they left it.
    #[error("`{}` was changed by somebody else in the meantime", path.display())]
    Changed {
        /// The secrets file.
        path: PathBuf,
    },
    /// The file is not what was written.
    #[error("`{}` {problem}", path.display())]
    File {
        /// The secrets file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// There is no private key to open the file with.
    #[error("there is no key to open `{}` with", path.display())]
    NoIdentity {
        /// The secrets file.
        path: PathBuf,
        /// The files that were looked for, or that hold a key that cannot be used.
        looked: Vec<PathBuf>,
    },
    /// None of the keys is one of the file's recipients.
    #[error("none of these keys opens `{}`: {}", path.display(), tried.join(", "))]
    NoIdentityFits {
        /// The secrets file.
        path: PathBuf,
        /// The public halves of the keys that were tried.
        tried: Vec<String>,
    },
    /// A private key file cannot be used.
    #[error("`{}` {problem}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        problem: KeyProblem,
    },
    /// A key that may fit was not opened by its passphrase.
    #[error("`{}` cannot be opened: the passphrase of a key is another one", path.display())]
    Passphrase {
        /// The secrets file.
        path: PathBuf,
    },
    /// A plugin of age that holds a key could not open the file.
    #[error("`{}` cannot be opened by the plugin of a key: {reason}", path.display())]
    Plugin {
        /// The secrets file.
        path: PathBuf,
        /// What the plugin says.
        reason: String,
    },
    /// A text is not a recipient. The text itself is not repeated, because it may be a private key.
    #[error("this is not a recipient: {0}")]
    Recipient(RecipientProblem),
    /// Nobody could open the file.
    #[error("the secrets file needs a recipient")]
    NoRecipients,
    /// No recipient has this text or label.
    #[error("there is no recipient `{text}`")]
    UnknownRecipient {
        /// What was asked for.
        text: String,
    },
    /// Several recipients have this label.
    #[error("several recipients are called `{label}`")]
    SeveralRecipients {
        /// What was asked for.
        label: String,
    },
    /// The last recipient would go.
    #[error("the last recipient stays: without it nobody could open the file")]
    LastRecipient,
    /// The only recipient that one's own keys fit would go.
    #[error("`{recipient}` stays: it is the only recipient that your keys fit, you would lock yourself out")]
    LocksOut {
        /// Its label, or else itself.
        recipient: String,
    },
    /// A name that no entry may have.
    #[error("`{name}` is not a name for a secret")]
    Name {
        /// The name.
        name: String,
    },
    /// A certificate or key was asked for from something that is not there.
    #[error("`{name}` needs `{from}`, which is neither in the file nor wanted")]
    NoSource {
        /// What was to be made.
        name: String,
        /// The authority, or the server key.
        from: String,
    },
    /// Something of the region's own certificates.
    #[error("`{name}`: {source}")]
    Pki {
        /// What was to be made or read.
        name: String,
        /// Why not.
        source: PkiError,
    },
    /// The system has no random bytes.
    #[error("no random bytes to be had")]
    Random,
    /// The encryption failed.
    #[error("cannot encrypt: {reason}")]
    Encrypt {
        /// What age said.
        reason: String,
    },
}

/// What is wrong with a secrets file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// It does not begin as an age file does.
    #[error("is not an age file")]
    NotAge,
    /// A byte of it is not as it was written, or its end is missing.
    #[error("is damaged")]
    Damaged,
    /// It is longer than a secrets file may be.
    #[error("is too large")]
    TooLarge,
    /// It could be opened, but not understood: line and column of its content.
    #[error("has a content that is none of ours, at line {line}, column {column}")]
    Content {
        /// From 1; 0 if unknown.
        line: usize,
        /// From 1; 0 if unknown.
        column: usize,
    },
    /// A newer version wrote it.
    #[error("has format {0}, which this version does not know")]
    Format(u64),
}

/// What is wrong with a private key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It needs a passphrase.
    #[error("is protected by a passphrase")]
    Encrypted,
    /// The passphrase is another one.
    #[error("is not opened by this passphrase")]
    Passphrase,
    /// A kind of key that cannot open the file.
    #[error("is of a kind that is not supported: {0}")]
    Kind(String),
    /// A key of a plugin, without its public half.
    #[error("does not say which recipient its key of the plugin `{0}` is")]
    NoRecipient(String),
    /// A key of a plugin that is not installed.
    #[error("needs the program `{0}`, which is not in the PATH")]
    NoPlugin(String),
    /// It is neither an age identity nor an OpenSSH private key.
    #[error("holds no age identity and is no OpenSSH private key")]
    Invalid,
}

/// What is wrong with the text of a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientProblem {
    /// It is the private half.
    #[error("it is a private key")]
    Private,
    /// A kind of key that the file cannot be encrypted to.
    #[error("keys of kind `{0}` are not supported")]
    Kind(String),
    /// A key of a plugin that is not installed.
    #[error("the program `{0}`, which encrypts to it, is not in the PATH")]
    NoPlugin(String),
    /// It is mistyped or cut.
    #[error("it is mistyped or incomplete")]
    Invalid,
}

impl SecretsError {
    pub(crate) fn file(path: &Path, problem: FileProblem) -> Self {
        Self::File { path: path.to_owned(), problem }
    }

    pub(crate) fn pki(name: &str, source: PkiError) -> Self {
        Self::Pki { name: name.to_owned(), source }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => "`regionctl secrets recipients add RECIPIENT` makes one".into(),
            Self::Exists { .. } => "open it, or move it away".into(),
            Self::Changed { .. } => "do it again, on what they wrote".into(),
            Self::File { problem: FileProblem::Format(_), .. } => {
                "use the version of regionctl that wrote it, or a newer one".into()
            }
            Self::File { .. } => "bring back a copy of it".into(),
            Self::NoIdentity { looked, .. } => format!(
                "put an age identity or an unencrypted ed25519 key in {}, or name one with `--identity`",
                looked.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(" or ")
            ),
            Self::NoIdentityFits { .. } => {
                "name another key with `--identity`, or let somebody who can open the file add one of these as a recipient".into()
            }
            Self::Key { problem: KeyProblem::Encrypted, .. } => {
                "run it on a terminal, where its passphrase can be asked for".into()
            }
            Self::Key { problem: KeyProblem::Passphrase, .. } | Self::Passphrase { .. } => {
                "run again, and type it once more".into()
            }
            Self::Key { problem: KeyProblem::Kind(_), .. } => {
                "age identities, those of plugins too, and ed25519 keys are supported: `ssh-keygen -t ed25519` or `age-keygen`"
                    .into()
            }
            Self::Key { problem: KeyProblem::NoRecipient(_), .. } => {
                "write `# recipient: age1…` on the line above it, as the plugin prints it".into()
            }
            Self::Key { problem: KeyProblem::NoPlugin(_), .. } | Self::Recipient(RecipientProblem::NoPlugin(_)) => {
                "install the plugin; who saves the secrets needs those of all recipients".into()
            }
            Self::Plugin { .. } => "is the key plugged in, and the PIN right? Another key can be named with `--identity`".into(),
            Self::Key { .. } => "give the private half, not the `.pub` file".into(),
            Self::Recipient(RecipientProblem::Private) => {
                "give the public half, `age1…` or `ssh-ed25519 …`; if others saw this one, make a new key".into()
            }
            Self::Recipient(_) | Self::NoRecipients => {
                "a recipient is `age1…` as `age-keygen -y` prints it, or the line of an `id_ed25519.pub`".into()
            }
            Self::UnknownRecipient { .. } => "`regionctl secrets recipients list` shows them".into(),
            Self::SeveralRecipients { .. } => "write the recipient itself".into(),
            Self::LastRecipient => "first add another one".into(),
            Self::LocksOut { .. } => "first add another key of yours, or let somebody else remove it".into(),
            Self::Name { .. } => "a name has lower-case letters, digits, `.`, `-` and `_`, in parts with `/` between".into(),
            Self::Pki { source, .. } => return source.hint(),
            Self::Read { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("only its owner may read it: `chmod 600 {}`", path.display())
            }
            Self::Read { .. } | Self::Write { .. } | Self::NoSource { .. } | Self::Random | Self::Encrypt { .. } => return None,
        })
    }
}
