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

/// What the operator is asked. Texts of plugins may hold anything.
#[derive(Debug, Clone, Copy)]
pub enum Question<'a> {
    /// For the passphrase of a key file; perhaps for the same file again.
    Passphrase(&'a Path),
    /// By a plugin, for something that nobody may see, such as a PIN.
    Secret(&'a str),
    /// By a plugin, for something that everybody may see.
    Text(&'a str),
    /// By a plugin, to choose the first of two words, or the other; what is neither chooses the other.
    Confirm(&'a str, &'a str, &'a str),
    /// For nothing: a plugin says what is to be done, such as to touch a key. No answer is needed.
    Message(&'a str),
}

/// Asks the operator. `None`: there is nobody to ask.
pub type Ask = Arc<dyn Fn(Question<'_>) -> Option<Secret<String>> + Send + Sync>;

/// Private keys to open a secrets file with: age identities and ed25519 keys of OpenSSH, each with a passphrase or without, and
/// what plugins of age hold, such as keys in hardware.
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
        self.answer(Question::Passphrase(&self.file))
    }

    fn answer(&self, question: Question<'_>) -> Option<SecretString> {
        (self.ask)(question).map(|given| SecretString::from(given.reveal().clone()))
    }
}

impl age::Callbacks for Asking {
    fn display_message(&self, message: &str) {
        (self.ask)(Question::Message(message));
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let answer = (self.ask)(Question::Confirm(message, yes, no.unwrap_or("no")));
        answer.map(|answer| answer.reveal() == yes)
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        (self.ask)(Question::Text(description)).map(|given| given.reveal().clone())
    }

    fn request_passphrase(&self, _description: &str) -> Option<SecretString> {
        self.passphrase()
    }
}

/// The same for a plugin, which asks for its own secrets and not for the file's passphrase.
#[derive(Clone)]
struct Plugin(Asking);

impl age::Callbacks for Plugin {
    fn display_message(&self, message: &str) {
        self.0.display_message(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        self.0.confirm(message, yes, no)
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.request_public_string(description)
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.0.answer(Question::Secret(description))
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
    let (mut keys, mut said) = (Vec::new(), None);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('#') {
            Some(comment) => said = public_half(comment).or(said),
            None if line.starts_with("AGE-PLUGIN-") => keys.push(plugin_key(line, said.take(), asking)?),
            None => keys.push(age_key(line)?),
        }
    }
    if keys.is_empty() { Err(KeyProblem::Invalid) } else { Ok(keys) }
}

/// What a comment says of the key that follows, as plugins write it: `Recipient: age1…`.
fn public_half(comment: &str) -> Option<Recipient> {
    let (_, text) = comment.split_once(':').filter(|(what, _)| what.trim().eq_ignore_ascii_case("recipient"))?;
    Recipient::parse(text).ok()
}

/// Only the plugin knows the public half of its key, so the file must say it.
fn plugin_key(line: &str, public: Option<Recipient>, asking: &Asking) -> Result<Key, KeyProblem> {
    let identity = line.parse::<age::plugin::Identity>().map_err(|_| KeyProblem::Invalid)?;
    let name = identity.plugin().to_owned();
    let public = public.ok_or_else(|| KeyProblem::NoRecipient(name.clone()))?;
    let private = age::plugin::IdentityPluginV1::new(&name, &[identity], Plugin(asking.clone()));
    let private = private.map_err(|_| KeyProblem::NoPlugin(format!("age-plugin-{name}")))?;
    Ok(Key { public, private: Box::new(private) })
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
