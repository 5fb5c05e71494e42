//! Replacing a file so that a whole one is there at any time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

/// The digest of a file as it was seen; `None` if there was no file.
pub(crate) type Seen = Option<[u8; 32]>;

/// How writing ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// The bytes are on the disk.
    Yes(Seen),
    /// The file is not as it was seen, and was left alone.
    Changed,
}

/// A file's digest.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Reads at most `max` bytes and one.
///
/// # Errors
/// What the system says.
pub(crate) fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the bytes to a new file of mode 0600 beside `path`, and renames it over `path` if that is still as it was seen.
///
/// # Errors
/// What the system says; `path` is then as it was before.
pub(crate) fn replace(path: &Path, bytes: &[u8], seen: Seen, suffix: &str, max: u64) -> io::Result<Replaced> {
    // A link stays a link.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = File::open(folder)?;
    // Held to the end, so that nobody writes between the look and the rename. A network file system may not lock folders;
    // the rename alone still leaves a whole file.
    let _ = flock(&folder, FlockOperation::LockExclusive);
    let now = match read(path, max) {
        Ok(bytes) => Some(digest(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if now != seen {
        return Ok(Replaced::Changed);
    }
    let beside = beside(path, suffix);
    let written = write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if let Err(error) = written {
        // It may never have come into being.
        let _ = std::fs::remove_file(&beside);
        return Err(error);
    }
    folder.sync_all()?;
    Ok(Replaced::Yes(Some(digest(bytes))))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
