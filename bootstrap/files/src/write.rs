//! Writing a file that the operator named: whole or not at all, for its owner only, and never through a link.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, renameat, statat, unlinkat};

use crate::open::{PRIVATE, at, regular};
use crate::random::random_hex;

/// Puts these bytes at `path`, in the place of a file that may be there. A link there is replaced, not followed.
///
/// # Errors
/// What the system says; `path` is then as it was before.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by(path, |mut file| file.write_all(bytes))
}

/// As [`write`], where nothing may be there yet.
///
/// # Errors
/// Something is there ([`io::ErrorKind::AlreadyExists`]), or what the system says.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = place(path)?;
    put(&folder, name, false, |mut file| file.write_all(bytes))
}

/// As [`write`], by somebody who writes into the file.
///
/// # Errors
/// As [`write`], and what the writer says.
pub fn write_by(path: &Path, writer: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let (folder, name) = place(path)?;
    put(&folder, name, true, writer)
}

/// Opens a regular file to append to, made if it is missing; no link.
///
/// # Errors
/// It is a link or no regular file, or what the system says.
pub fn append(path: &Path) -> io::Result<File> {
    regular(at(CWD, path, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW, PRIVATE)?)
}

/// The folder of a file, held open, and the file's name in it.
fn place(path: &Path) -> io::Result<(File, &Path)> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = at(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    Ok((folder.into(), Path::new(name)))
}

/// Writes a new file of a name that nobody can have put a link at, then gives it its name.
pub(crate) fn put(folder: &File, name: &Path, replace: bool, writer: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    if replace && statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|there| is_folder(there.st_mode)) {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let beside = format!(".{}.{}", name.display(), random_hex(8)?);
    let beside = Path::new(&beside);
    let new = File::from(at(folder, beside, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW, PRIVATE)?);
    let written = writer(&new).and_then(|()| new.sync_all()).and_then(|()| {
        if replace {
            return Ok(renameat(folder, beside, folder, name)?);
        }
        linkat(folder, beside, folder, name, AtFlags::empty())?;
        Ok(unlinkat(folder, beside, AtFlags::empty())?)
    });
    if written.is_err() {
        // What went wrong is said already.
        let _ = unlinkat(folder, beside, AtFlags::empty());
    }
    written?;
    folder.sync_all()
}

fn is_folder(mode: rustix::fs::RawMode) -> bool {
    rustix::fs::FileType::from_raw_mode(mode).is_dir()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_link_is_replaced_or_refused_and_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [victim, link] = ["victim", "link"].map(|name| folder.path().join(name));
        std::fs::write(&victim, "untouched").unwrap();
        symlink(&victim, &link).unwrap();
        assert!(append(&link).unwrap_err().to_string().contains("it is a link"));
        assert_eq!(write_new(&link, b"new").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        write(&link, b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "untouched");
        assert_eq!(std::fs::read_to_string(&link).unwrap(), "new");
        let found = std::fs::symlink_metadata(&link).unwrap();
        assert!(found.is_file() && found.permissions().mode() & 0o777 == 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("there");
        std::fs::create_dir(&path).unwrap();
        assert_eq!(write(&path, b"").unwrap_err().to_string(), "it is a folder");
        assert!(write_by(&folder.path().join("new"), |_| Err(io::Error::other("no"))).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
