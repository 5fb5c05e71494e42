//! A folder held open: what is in it is reached by its handle, and no link is followed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fchmod, fstat, mkdirat, statat, unlinkat};
use rustix::io::Errno;

use crate::open::{PRIVATE, at, regular};
use crate::read::whole;
use crate::write::put;

/// A folder of the operator's. Only its owner reads it.
#[derive(Debug)]
pub struct Folder(File);

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// It is a link, another user's or no folder, or what the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_at(CWD, path)
    }

    /// Opens a folder, made if it is missing.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn make(path: &Path) -> io::Result<Self> {
        Self::make_at(CWD, path)
    }

    /// A folder in it.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn folder(&self, name: &str) -> io::Result<Self> {
        Self::open_at(&self.0, within(name)?)
    }

    /// A folder in it, made if it is missing.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn make_folder(&self, name: &str) -> io::Result<Self> {
        Self::make_at(&self.0, within(name)?)
    }

    fn make_at(folder: impl AsFd, name: &Path) -> io::Result<Self> {
        match mkdirat(&folder, name, PRIVATE | Mode::XUSR) {
            Ok(()) | Err(Errno::EXIST) => Self::open_at(folder, name),
            Err(errno) => Err(errno.into()),
        }
    }

    fn open_at(folder: impl AsFd, name: &Path) -> io::Result<Self> {
        let is_link = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|there| FileType::from_raw_mode(there.st_mode).is_symlink());
        if is_link {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link, and may lead anywhere"));
        }
        let folder = File::from(at(folder, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?);
        let found = fstat(&folder)?;
        if !is_mine(found.st_uid) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it belongs to user {}", found.st_uid)));
        }
        let others = Mode::RWXG | Mode::RWXO;
        if found.st_uid == rustix::process::geteuid().as_raw() && Mode::from_raw_mode(found.st_mode).intersects(others) {
            fchmod(&folder, Mode::from_raw_mode(found.st_mode).difference(others) & Mode::RWXU)?;
        }
        Ok(Self(folder))
    }

    /// The bytes of a regular file, `most` of them at most.
    ///
    /// # Errors
    /// It is a link, no regular file or too large, or what the system says.
    pub fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        whole(self.open_file(name)?, most)
    }

    /// A regular file, opened for reading.
    ///
    /// # Errors
    /// It is a link or no regular file, or what the system says.
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        regular(at(&self.0, within(name)?, OFlags::RDONLY | OFlags::NOFOLLOW, Mode::empty())?)
    }

    /// Puts these bytes at a name, whole or not at all.
    ///
    /// # Errors
    /// What the system says; the file is then as it was before.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        put(&self.0, within(name)?, true, |mut file| file.write_all(bytes))
    }

    /// A new file to append to.
    ///
    /// # Errors
    /// Something is there already, or what the system says.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        Ok(at(&self.0, within(name)?, flags, PRIVATE)?.into())
    }

    /// A file to read and write, made if it is missing.
    ///
    /// # Errors
    /// It is a link or no regular file, or what the system says.
    pub fn open_or_create(&self, name: &str) -> io::Result<File> {
        regular(at(&self.0, within(name)?, OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW, PRIVATE)?)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// There is none, or what the system says.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, within(name)?, AtFlags::empty())?)
    }

    /// The names of what is in it, in order; those that are no text are left out.
    ///
    /// # Errors
    /// What the system says.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if ![".", ".."].contains(&name.as_str()) && !name.contains('\u{fffd}') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// One's own, the system's, or those of whom `sudo` lets act as root.
fn is_mine(owner: u32) -> bool {
    let own = rustix::process::geteuid();
    let behind_sudo = || own.is_root() && std::env::var("SUDO_UID").is_ok_and(|uid| uid.parse() == Ok(owner));
    owner == own.as_raw() || owner == 0 || behind_sudo()
}

/// A name, and no way out of the folder.
fn within(name: &str) -> io::Result<&Path> {
    let path = Path::new(name);
    if path.file_name() == Some(OsStr::new(name)) {
        return Ok(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` is no name of a file")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn what_lies_in_a_folder_leads_nowhere_else() {
        let outside = tempfile::tempdir().unwrap();
        let victim = outside.path().join("victim");
        std::fs::write(&victim, "untouched").unwrap();
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::make(&root.path().join("own")).unwrap();
        symlink(&victim, root.path().join("own/file")).unwrap();
        symlink(outside.path(), root.path().join("own/folder")).unwrap();
        symlink(root.path().join("own"), root.path().join("alias")).unwrap();
        let refused = |error: io::Error| error.to_string().contains("it is a link");
        assert!(refused(folder.read("file", 100).unwrap_err()));
        assert!(refused(folder.open_or_create("file").unwrap_err()));
        assert!(refused(folder.make_folder("folder").unwrap_err()));
        assert!(refused(Folder::make(&root.path().join("alias")).unwrap_err()));
        assert!(folder.create("file").is_err());
        for name in ["..", "../victim", "/etc/passwd", "", "a/b"] {
            assert!(folder.write(name, b"").is_err(), "{name}");
        }
        folder.write("file", b"new").unwrap();
        assert_eq!(folder.read("file", 100).unwrap(), b"new");
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "untouched");
        assert_eq!(folder.names().unwrap(), ["file", "folder"]);
    }

    #[test]
    fn only_its_owner_reads_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("own");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = Folder::open(&path).unwrap();
        folder.create("file").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("file"))), (0o700, 0o600));
    }
}
