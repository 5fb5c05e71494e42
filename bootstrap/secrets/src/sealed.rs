//! Bytes to and from age. Nothing here is our own cryptography.

use std::io::{self, Read as _, Write as _};

use zeroize::Zeroizing;

use crate::error::{FileProblem, SecretsError};
use crate::identity::Identities;
use crate::recipient::Recipient;

/// Why a sealed text cannot be opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// No identity is a recipient.
    NoneFits,
    /// The passphrase of an identity is another one.
    Passphrase,
    /// A plugin cannot, for this reason.
    Plugin(String),
    /// It is not what was written.
    Problem(FileProblem),
}

/// Encrypts to the recipients, with a new file key each time.
///
/// # Errors
/// There is no recipient, or age fails.
pub(crate) fn seal(plain: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>, SecretsError> {
    if recipients.is_empty() {
        return Err(SecretsError::NoRecipients);
    }
    let keys = recipients.iter().map(Recipient::key).collect::<Result<Vec<_>, _>>()?;
    let failed = |error: &dyn std::fmt::Display| SecretsError::Encrypt { reason: error.to_string() };
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|key| &**key)).map_err(|e| failed(&e))?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|e| failed(&e))?;
    writer.write_all(plain).and_then(|()| writer.finish().map(|_| ())).map_err(|e| failed(&e))?;
    Ok(sealed)
}

/// True for what begins as an age file does.
pub(crate) fn is_age(sealed: &[u8]) -> bool {
    sealed.starts_with(b"age-encryption.org/v1")
}

/// Decrypts with the first identity that fits.
pub(crate) fn open(sealed: &[u8], identities: &Identities) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|error| unopened(&error, sealed))?;
    let mut reader = decryptor.decrypt(identities.private()).map_err(|error| unopened(&error, sealed))?;
    // The content is shorter than what it was sealed into; growing would leave copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let read: io::Result<usize> = reader.read_to_end(&mut plain);
    read.map_err(|_| Unopened::Problem(FileProblem::Damaged))?;
    Ok(plain)
}

fn unopened(error: &age::DecryptError, sealed: &[u8]) -> Unopened {
    match error {
        age::DecryptError::NoMatchingKeys => Unopened::NoneFits,
        age::DecryptError::KeyDecryptionFailed => Unopened::Passphrase,
        age::DecryptError::Plugin(errors) => {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Unopened::Plugin(errors.join("; "))
        }
        _ if !is_age(sealed) => Unopened::Problem(FileProblem::NotAge),
        _ => Unopened::Problem(FileProblem::Damaged),
    }
}
