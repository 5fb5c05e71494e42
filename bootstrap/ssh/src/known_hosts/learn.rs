//! Writing a new key.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use russh::keys::PublicKey;
use rustix::fs::{FlockOperation, OFlags, flock};

use super::error::HostKeyError;

/// The file, locked against every other connection and process that learns a key.
pub(super) struct Locked {
    path: PathBuf,
    file: File,
}

impl Locked {
    /// Opens the file, made with its folder if it is missing, and waits for the lock.
    pub(super) fn open(path: &Path) -> Result<Self, HostKeyError> {
        Self::try_open(path).map_err(|source| HostKeyError::Write { file: path.to_owned(), source })
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty() && !p.exists()) {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends one line in one write, so that a reader sees all of it or nothing.
    pub(super) fn append(&mut self, name: &str, key: &PublicKey) -> Result<(), HostKeyError> {
        self.try_append(name, key).map_err(|source| HostKeyError::Write { file: self.path.clone(), source })
    }

    fn try_append(&mut self, name: &str, key: &PublicKey) -> io::Result<()> {
        let mut key = key.clone();
        key.set_comment("");
        let key = key.to_openssh().map_err(io::Error::other)?;
        let start = if self.ends_with_newline()? { "" } else { "\n" };
        self.file.write_all(format!("{start}{name} {}\n", key.trim_end()).as_bytes())?;
        self.file.sync_data()
    }

    fn ends_with_newline(&mut self) -> io::Result<bool> {
        if self.file.seek(SeekFrom::End(0))? == 0 {
            return Ok(true);
        }
        self.file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}
