//! The secrets of a region: one encrypted file beside `region.yaml`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::atomic::{self, Replaced, Seen};
use crate::content::{Content, Removed};
use crate::error::{FileProblem, RecipientProblem, SecretsError};
use crate::identity::Identities;
use crate::name;
use crate::recipient::{Recipient, is_private};
use crate::sealed::{self, Unopened};
use crate::secret::Secret;

/// The file's usual name, in the folder of `region.yaml`.
pub const FILE_NAME: &str = "secrets.age";

/// In bytes, far more than a region's secrets file has; a larger one is none of ours.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// One secret.
#[derive(Debug, Clone)]
pub struct Entry {
    /// 1 at first, one more with each new value.
    pub version: u64,
    /// A password, or PEM. Certificates are in here too, for their dates and to be kept with their keys.
    pub value: Secret<String>,
    /// When this version was made, in seconds since 1970.
    pub made: u64,
    /// When it stops being valid, in seconds since 1970; `None` if it does not by itself.
    pub expires: Option<u64>,
}

/// A secret that a removed recipient could read and that was not made anew since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// The entry's name.
    pub name: String,
    /// Its version, which is the present one.
    pub version: u64,
    /// Who could read it.
    pub to: Vec<Recipient>,
}

/// The secrets file, opened. Changes are in memory until [`Secrets::save`].
#[derive(Debug)]
pub struct Secrets {
    path: PathBuf,
    content: Content,
    /// The recipients that one's own keys fit; empty in a file that was just created.
    own: Vec<Recipient>,
    seen: Seen,
}

impl Secrets {
    /// A new file without entries; nothing is written before [`Secrets::save`].
    ///
    /// # Errors
    /// There is no recipient, or there is such a file.
    pub fn create(path: &Path, recipients: Vec<Recipient>) -> Result<Self, SecretsError> {
        if path.symlink_metadata().is_ok() {
            return Err(SecretsError::Exists { path: path.to_owned() });
        }
        if recipients.is_empty() {
            return Err(SecretsError::NoRecipients);
        }
        let mut new = Self { path: path.to_owned(), content: Content::default(), own: Vec::new(), seen: None };
        for recipient in recipients {
            new.add_recipient(recipient);
        }
        Ok(new)
    }

    /// Opens the file with the first key that fits.
    ///
    /// # Errors
    /// There is no file, no key or none that fits, or the file is not as it was written.
    pub fn open(path: &Path, identities: &Identities) -> Result<Self, SecretsError> {
        let sealed = regionctl_files::read(path, MAX_BYTES).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => SecretsError::Missing { path: path.to_owned() },
            io::ErrorKind::FileTooLarge => SecretsError::file(path, FileProblem::TooLarge),
            _ => SecretsError::Read { path: path.to_owned(), source },
        })?;
        let own: Vec<_> = identities.recipients().cloned().collect();
        if own.is_empty() {
            return Err(SecretsError::NoIdentity { path: path.to_owned(), looked: identities.looked().to_vec() });
        }
        let plain = sealed::open(&sealed, identities).map_err(|unopened| match unopened {
            Unopened::NoneFits => SecretsError::NoIdentityFits {
                path: path.to_owned(),
                tried: own.iter().map(|recipient| recipient.text().to_owned()).collect(),
            },
            Unopened::Plugin(reason) => SecretsError::Plugin { path: path.to_owned(), reason },
            Unopened::Passphrase => SecretsError::Passphrase { path: path.to_owned() },
            Unopened::Problem(problem) => SecretsError::file(path, problem),
        })?;
        let content = Content::read(&plain).map_err(|problem| SecretsError::file(path, problem))?;
        Ok(Self { path: path.to_owned(), content, own, seen: Some(atomic::digest(&sealed)) })
    }

    /// Brings an encrypted file back where there is none. False if this very file is there already.
    ///
    /// # Errors
    /// Another file is there, which stays as it is, these bytes are none of ours, or they cannot be written.
    pub fn restore(path: &Path, sealed: &[u8]) -> Result<bool, SecretsError> {
        let failed = |source| SecretsError::Write { path: path.to_owned(), source };
        if !sealed::is_age(sealed) {
            return Err(SecretsError::file(path, FileProblem::NotAge));
        }
        if regionctl_files::read(path, MAX_BYTES).is_ok_and(|there| there == sealed) {
            return Ok(false);
        }
        match atomic::replace(path, sealed, None, MAX_BYTES).map_err(failed)? {
            Replaced::Yes(_) => Ok(true),
            Replaced::Changed => Err(SecretsError::Exists { path: path.to_owned() }),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A secret by name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.content.entries.get(name)
    }

    /// All secrets, by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.content.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Sets a secret to a new value, made now, and says its version. `expires` is in seconds since 1970.
    ///
    /// # Errors
    /// The name is not one for a secret.
    pub fn put(&mut self, name: &str, value: Secret<String>, expires: Option<u64>) -> Result<u64, SecretsError> {
        self.put_at(name, value, expires, SystemTime::now())
    }

    /// As [`Secrets::put`], at a time that the caller says.
    ///
    /// # Errors
    /// The name is not one for a secret.
    pub fn put_at(
        &mut self,
        name: &str,
        value: Secret<String>,
        expires: Option<u64>,
        now: SystemTime,
    ) -> Result<u64, SecretsError> {
        name::check(name)?;
        let version = self.get(name).map_or(0, |entry| entry.version).saturating_add(1);
        self.content.entries.insert(name.to_owned(), Entry { version, value, made: seconds(now), expires });
        self.forget_what_is_over();
        Ok(version)
    }

    /// Takes a secret away, if there is one of that name.
    pub fn remove(&mut self, name: &str) {
        self.content.entries.remove(name);
        self.forget_what_is_over();
    }

    /// Who can open the file, in the order in which they were added.
    pub fn recipients(&self) -> &[Recipient] {
        &self.content.recipients
    }

    /// Lets somebody else open the file from the next save on. False if that key is there already; a label that is given
    /// replaces the one it has. It is no longer one of those that saw too much.
    pub fn add_recipient(&mut self, recipient: Recipient) -> bool {
        self.content.removed.retain(|removed| removed.recipient.text() != recipient.text());
        match self.content.recipients.iter_mut().find(|known| known.text() == recipient.text()) {
            Some(known) => {
                if recipient.label().is_some() {
                    *known = recipient;
                }
                false
            }
            None => {
                self.content.recipients.push(recipient);
                true
            }
        }
    }

    /// Takes a recipient away, by its text or its label. It could read all that is in the file now: see [`Secrets::exposed`].
    ///
    /// # Errors
    /// There is none or more than one of that label, it is the last one, or the only one that one's own keys fit.
    pub fn remove_recipient(&mut self, text: &str) -> Result<Recipient, SecretsError> {
        let at = self.find(text)?;
        if self.content.recipients.len() == 1 {
            return Err(SecretsError::LastRecipient);
        }
        let mine = |recipient: &Recipient| self.own.iter().any(|own| own.text() == recipient.text());
        let others = self.content.recipients.iter().enumerate().filter(|(i, _)| *i != at);
        // A file that was just created has no keys of one's own to lose.
        if !self.own.is_empty() && !others.map(|(_, recipient)| recipient).any(mine) {
            let recipient = self.content.recipients.get(at).map(ToString::to_string).unwrap_or_default();
            return Err(SecretsError::LocksOut { recipient });
        }
        let recipient = self.content.recipients.remove(at);
        let seen: BTreeMap<_, _> = self.entries().map(|(name, entry)| (name.to_owned(), entry.version)).collect();
        // What was never saved was never read.
        if self.seen.is_some() && !seen.is_empty() {
            self.content.removed.push(Removed { recipient: recipient.clone(), at: seconds(SystemTime::now()), seen });
        }
        Ok(recipient)
    }

    /// The secrets that a removed recipient could read and that are still the same, by name. Only a new value helps: old
    /// copies of the file stay readable for it.
    pub fn exposed(&self) -> Vec<Exposed> {
        let of = |(name, entry): (&str, &Entry)| {
            let saw = |removed: &&Removed| removed.seen.get(name) == Some(&entry.version);
            let to: Vec<_> = self.content.removed.iter().filter(saw).map(|removed| removed.recipient.clone()).collect();
            (!to.is_empty()).then(|| Exposed { name: name.to_owned(), version: entry.version, to })
        };
        self.entries().filter_map(of).collect()
    }

    /// Encrypts to the present recipients, with a new file key, and replaces the file: at any time a whole one is there, and
    /// a save that fails leaves it as it was.
    ///
    /// # Errors
    /// There is no recipient, somebody else wrote the file in the meantime, or it cannot be written.
    pub fn save(&mut self) -> Result<(), SecretsError> {
        let failed = |source| SecretsError::Write { path: self.path.clone(), source };
        let plain = self.content.write().map_err(|error| failed(io::Error::other(error)))?;
        let sealed = sealed::seal(&plain, &self.content.recipients)?;
        match atomic::replace(&self.path, &sealed, self.seen, MAX_BYTES).map_err(failed)? {
            Replaced::Yes(seen) => {
                self.seen = seen;
                Ok(())
            }
            Replaced::Changed => Err(SecretsError::Changed { path: self.path.clone() }),
        }
    }

    /// Encrypts the file anew, as [`Secrets::save`] always does, and says what this does not mend.
    ///
    /// # Errors
    /// As for [`Secrets::save`].
    pub fn reencrypt(&mut self) -> Result<Vec<Exposed>, SecretsError> {
        self.save()?;
        Ok(self.exposed())
    }

    /// The place of a recipient that is named by its text or its label.
    fn find(&self, text: &str) -> Result<usize, SecretsError> {
        let text = text.trim();
        if is_private(text) {
            return Err(SecretsError::Recipient(RecipientProblem::Private));
        }
        let key = Recipient::parse(text).ok();
        let same = |recipient: &Recipient| key.as_ref().is_some_and(|key| key.text() == recipient.text());
        if let Some(at) = self.content.recipients.iter().position(same) {
            return Ok(at);
        }
        let called = |(_, recipient): &(usize, &Recipient)| recipient.label() == Some(text);
        let mut called = self.content.recipients.iter().enumerate().filter(called).map(|(at, _)| at);
        match (called.next(), called.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => Err(SecretsError::SeveralRecipients { label: text.to_owned() }),
            (None, _) => Err(SecretsError::UnknownRecipient { text: text.escape_debug().take(200).collect() }),
        }
    }

    /// Drops what removed recipients saw and is no more.
    fn forget_what_is_over(&mut self) {
        let entries = &self.content.entries;
        for removed in &mut self.content.removed {
            removed.seen.retain(|name, version| entries.get(name).is_some_and(|entry| entry.version == *version));
        }
        self.content.removed.retain(|removed| !removed.seen.is_empty());
    }
}

/// Seconds since 1970; 0 before.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
