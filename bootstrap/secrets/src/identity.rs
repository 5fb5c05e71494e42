//! The operator's private keys.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::error::{KeyProblem, SecretsError};
use crate::recipient::Recipient;
use crate::secret::Secret;

/// More than any key file has.
const MAX_BYTES: u64 = 64 * 1024;

/// Asks the operator for the passphrase of a key file; may be asked for the same file again. `None`: there is nobody to ask.
pub type Ask = Arc<dyn Fn(&Path) -> Option<Secret<String>> + Send + Sync>;

/// Private keys to open a secrets file with: age identities, and ed25519 keys of OpenSSH, each with a passphrase or without.
#[derive(Default)]
pub struct Identities {
    keys: Vec<Key>,
    /// Files that are not there or cannot be used, for the error when nothing is left.
    looked: Vec<PathBuf>,
}

struct Key {
    public: Recipient,
    private: Box<dyn age::Identity + Send + Sync>,
}

impl Identities {
    /// The keys of these files. The passphrase of an age identity is asked for here, that of an SSH key when it is needed.
    ///
    /// # Errors
    /// A file cannot be read, or holds no key that can be used.
    pub fn load<P: AsRef<Path>>(files: &[P], ask: &Ask) -> Result<Self, SecretsError> {
        let mut keys = Vec::new();
        for file in files {
            keys.extend(read(file.as_ref(), ask)?);
        }
        Ok(Self { keys, looked: Vec::new() })
    }

    /// The keys in the usual places: `.config/regionctl/identity.txt`, then `.ssh/id_ed25519`, both under `home`. What is not
    /// there or cannot be used is passed over.
    pub fn usual(home: &Path, ask: &Ask) -> Self {
        let mut usual = Self::default();
        for file in [".config/regionctl/identity.txt", ".ssh/id_ed25519"].map(|file| home.join(file)) {
            match read(&file, ask) {
                Ok(keys) => usual.keys.extend(keys),
                Err(_) => usual.looked.push(file),
            }
        }
        usual
    }

    /// The public halves, in the order in which the keys are tried.
    pub fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.keys.iter().map(|key| &key.public)
    }

    /// The usual files that are not there or cannot be used.
    pub(crate) fn looked(&self) -> &[PathBuf] {
        &self.looked
    }

    pub(crate) fn private(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.keys.iter().map(|key| &*key.private as &dyn age::Identity)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.recipients()).finish()
    }
}

fn read(path: &Path, ask: &Ask) -> Result<Vec<Key>, SecretsError> {
    let failed = |source| SecretsError::Read { path: path.to_owned(), source };
    let bytes = Zeroizing::new(regionctl_files::read_private(path, MAX_BYTES).map_err(failed)?);
    let asking = Asking { file: path.to_owned(), ask: ask.clone() };
    parse(&bytes, &asking).map_err(|problem| SecretsError::Key { path: path.to_owned(), problem })
}

/// A key file, and who knows its passphrase.
#[derive(Clone)]
struct Asking {
    file: PathBuf,
    ask: Ask,
}

impl Asking {
    fn passphrase(&self) -> Option<SecretString> {
        (self.ask)(&self.file).map(|given| SecretString::from(given.reveal().clone()))
    }
}

impl age::Callbacks for Asking {
    fn display_message(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn request_public_string(&self, _description: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, _description: &str) -> Option<SecretString> {
        self.passphrase()
    }
}

fn parse(bytes: &[u8], asking: &Asking) -> Result<Vec<Key>, KeyProblem> {
    if bytes.starts_with(b"age-encryption.org/") || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE") {
        return parse(&unlocked(bytes, asking)?, asking);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| KeyProblem::Invalid)?;
    if text.trim_start().starts_with("-----BEGIN ") {
        return Ok(vec![ssh(text, asking)?]);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(age_key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(KeyProblem::Invalid) } else { Ok(keys) }
}

/// What `age-keygen | age -p` made, without its passphrase. What comes out must not be locked again.
fn unlocked(bytes: &[u8], asking: &Asking) -> Result<Zeroizing<Vec<u8>>, KeyProblem> {
    let passphrase = asking.passphrase().ok_or(KeyProblem::Encrypted)?;
    let wrong = |error: age::DecryptError| match error {
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => KeyProblem::Passphrase,
        _ => KeyProblem::Invalid,
    };
    let armored = age::armor::ArmoredReader::new(bytes);
    let decryptor = age::Decryptor::new_buffered(armored).map_err(wrong)?;
    let identity = age::scrypt::Identity::new(passphrase);
    let mut reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(wrong)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut plain).map_err(|_| KeyProblem::Invalid)?;
    if plain.starts_with(b"age-encryption.org/") || plain.starts_with(b"-----BEGIN AGE ENCRYPTED FILE") {
        return Err(KeyProblem::Invalid);
    }
    Ok(plain)
}

fn age_key(line: &str) -> Result<Key, KeyProblem> {
    if line.starts_with("AGE-PLUGIN-") {
        return Err(KeyProblem::Kind("age plugin".to_owned()));
    }
    let private = line.parse::<age::x25519::Identity>().map_err(|_| KeyProblem::Invalid)?;
    let public = Recipient::parse(&private.to_public().to_string()).map_err(|_| KeyProblem::Invalid)?;
    Ok(Key { public, private: Box::new(private) })
}

fn ssh(text: &str, asking: &Asking) -> Result<Key, KeyProblem> {
    use age::ssh::{Identity, Recipient as Public, UnsupportedKey};
    let kind = |kind: &str| Err(KeyProblem::Kind(kind.chars().filter(char::is_ascii_graphic).take(40).collect()));
    // PKCS#8 and the like are said to be invalid by the parser, which knows OpenSSH's own format only.
    let private = Identity::from_buffer(text.trim_start().as_bytes(), None).map_err(|_| KeyProblem::Invalid)?;
    match &private {
        Identity::Unencrypted(_) | Identity::Encrypted(_) => {}
        Identity::Unsupported(UnsupportedKey::Hardware(name) | UnsupportedKey::Type(name)) => return kind(name),
        Identity::Unsupported(_) => return Err(KeyProblem::Encrypted),
    }
    let public = match Public::try_from(private.clone()) {
        Ok(public @ Public::SshEd25519(..)) => public.to_string(),
        Ok(Public::SshRsa(..)) => return kind("ssh-rsa"),
        Err(_) => return Err(KeyProblem::Invalid),
    };
    let public = Recipient::parse(&public).map_err(|_| KeyProblem::Invalid)?;
    Ok(Key { public, private: Box::new(private.with_callbacks(asking.clone())) })
}
