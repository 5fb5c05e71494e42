//! The decision about one host key.

use std::io;
use std::path::{Path, PathBuf};

use russh::keys::{Algorithm, HashAlg, PublicKey};

use super::entry::{Entry, Mark, find, foreign_line};
use super::error::HostKeyError;
use super::learn;
use crate::config::HOST_KEYS;

/// More than the known_hosts of an operator of many regions has.
const MAX_BYTES: u64 = 64 << 20;

/// A known_hosts file, asked about one host.
#[derive(Debug, Clone)]
pub struct KnownHosts {
    file: PathBuf,
    name: String,
    bare: Option<String>,
    accept_new: bool,
    entries: Vec<Entry>,
}

impl KnownHosts {
    /// Reads what the file says about a host. A missing file says nothing.
    ///
    /// # Errors
    /// [`HostKeyError::Read`] when the file is there and cannot be read.
    pub fn read(file: &Path, host: &str, port: u16, accept_new: bool) -> Result<Self, HostKeyError> {
        let host = host.to_ascii_lowercase();
        let (name, bare) = if port == 22 { (host, None) } else { (format!("[{host}]:{port}"), Some(host)) };
        let mut known = Self { file: file.to_owned(), name, bare, accept_new, entries: Vec::new() };
        known.reload()?;
        Ok(known)
    }

    fn text(&self) -> Result<String, HostKeyError> {
        match regionctl_files::read(&self.file, MAX_BYTES) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(source) => Err(HostKeyError::Read { file: self.file.clone(), source }),
        }
    }

    fn reload(&mut self) -> Result<(), HostKeyError> {
        let text = self.text()?;
        self.entries = find(&text, &self.name);
        // As OpenSSH: a host on another port is also trusted by the key it has on port 22.
        if let Some(bare) = &self.bare
            && self.trusted().next().is_none()
        {
            self.entries.extend(find(&text, bare).into_iter().map(|e| Entry { bare: true, ..e }));
        }
        Ok(())
    }

    fn trusted(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|e| e.mark == Mark::Trusted)
    }

    /// The algorithms of the keys that are known for the host: to be asked for first.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        self.trusted().filter_map(|e| e.key.as_ref()).map(PublicKey::algorithm).collect()
    }

    /// Decides about the key a server showed, and writes it to the file when it is new and new ones are accepted.
    ///
    /// # Errors
    /// [`HostKeyError`] when the key is not to be trusted, or cannot be written.
    pub fn verify(&mut self, key: &PublicKey) -> Result<(), HostKeyError> {
        match self.judge(key)? {
            Verdict::Known => Ok(()),
            Verdict::New if !self.accept_new => {
                Err(HostKeyError::Unknown { name: self.name.clone(), file: self.file.clone(), fingerprint: fingerprint(key) })
            }
            Verdict::New => {
                let file = self.file.clone();
                let mut written = learn::Locked::open(&file)?;
                // Another connection may have learnt a key of this host in the meantime, perhaps another one.
                self.reload()?;
                match self.judge(key)? {
                    Verdict::Known => Ok(()),
                    Verdict::New => {
                        if let Some(line) = foreign_line(&self.text()?) {
                            return Err(HostKeyError::NotKnownHosts { name: self.name.clone(), file, line });
                        }
                        written.append(&self.name, key)?;
                        // To be compared with what the provider or the host's console says.
                        tracing::warn!("`{}` is trusted from now on, with the key {}", self.name, fingerprint(key));
                        Ok(())
                    }
                }
            }
        }
    }

    fn judge(&self, key: &PublicKey) -> Result<Verdict, HostKeyError> {
        let same = |e: &&Entry| e.key.as_ref().is_some_and(|k| k.key_data() == key.key_data());
        if let Some(revoked) = self.entries.iter().filter(|e| e.mark == Mark::Revoked).find(same) {
            return Err(HostKeyError::Revoked {
                name: self.name.clone(),
                file: self.file.clone(),
                line: revoked.line,
                fingerprint: fingerprint(key),
            });
        }
        if self.trusted().any(|e| same(&e)) {
            return Ok(Verdict::Known);
        }
        // What is known about port 22 may vouch for a key, but another key there contradicts nothing.
        let others: Vec<&Entry> = self.trusted().filter(|e| !e.bare).collect();
        let comparable = |e: &&&Entry| e.key.as_ref().is_some_and(|k| HOST_KEYS.contains(&k.algorithm()));
        let algorithm = key.algorithm();
        let same_type = others.iter().find(|e| e.key.as_ref().is_some_and(|k| k.algorithm() == algorithm));
        if let Some((entry, old)) =
            same_type.or_else(|| others.iter().find(comparable)).and_then(|e| e.key.as_ref().map(|k| (e, k)))
        {
            return Err(HostKeyError::Changed {
                name: self.name.clone(),
                file: self.file.clone(),
                line: entry.line,
                old: fingerprint(old),
                new: fingerprint(key),
            });
        }
        match others.first() {
            Some(entry) => Err(HostKeyError::Unverifiable {
                name: self.name.clone(),
                file: self.file.clone(),
                line: entry.line,
                known: entry.kind.clone(),
            }),
            None => Ok(Verdict::New),
        }
    }
}

enum Verdict {
    Known,
    New,
}

/// Algorithm and SHA-256 fingerprint, as `ssh-keygen -l` prints them.
pub(crate) fn fingerprint(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
