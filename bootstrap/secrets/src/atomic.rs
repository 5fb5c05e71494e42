//! Replacing a file so that a whole one is there at any time, if it is still the one that was seen.

use std::fs::File;
use std::io;
use std::path::Path;

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

/// Writes the bytes to a new file of mode 0600 beside `path`, and renames it over `path` if that is still as it was seen.
///
/// # Errors
/// It is a link, which may have been sent and may lead anywhere, or what the system says; `path` is then as it was before.
pub(crate) fn replace(path: &Path, bytes: &[u8], seen: Seen, max: u64) -> io::Result<Replaced> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = File::open(folder)?;
    // Held to the end, so that nobody writes between the look and the rename. A network file system may not lock folders;
    // the rename alone still leaves a whole file.
    let _ = flock(&folder, FlockOperation::LockExclusive);
    if path.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link, and may lead anywhere"));
    }
    let now = match regionctl_files::read(path, max) {
        Ok(bytes) => Some(digest(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if now != seen {
        return Ok(Replaced::Changed);
    }
    regionctl_files::write(path, bytes)?;
    Ok(Replaced::Yes(Some(digest(bytes))))
}
