//! Reading a file whole, with a bound.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};

use crate::open::{at, regular};

/// Opens a regular file for reading, wherever links lead.
///
/// # Errors
/// It is no regular file, or what the system says.
pub fn open(path: &Path) -> io::Result<File> {
    regular(at(CWD, path, OFlags::RDONLY, Mode::empty())?)
}

/// The bytes of a regular file, `most` of them at most; links are followed.
///
/// # Errors
/// It is no regular file or too large ([`io::ErrorKind::FileTooLarge`]), or what the system says.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    whole(open(path)?, most)
}

/// What stands in private keys of OpenSSH and of age.
const PRIVATE: [&[u8]; 2] = [b" PRIVATE KEY-----", b"AGE-SECRET-KEY-"];

/// As [`read`], for a file that should hold a private key.
///
/// # Errors
/// As [`read`], or it holds one and others than its owner can read it ([`io::ErrorKind::PermissionDenied`]).
pub fn read_private(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let open_to_others = file.metadata()?.mode() & 0o077 != 0;
    let bytes = whole(file, most)?;
    let holds = |mark: &&[u8]| bytes.windows(mark.len()).any(|window| window == *mark);
    if open_to_others && PRIVATE.iter().any(holds) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others than its owner can read it"));
    }
    Ok(bytes)
}

/// As [`read`], for a text in UTF-8.
///
/// # Errors
/// As [`read`], or it is no such text ([`io::ErrorKind::InvalidData`]).
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(read(path, most)?)
}

pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

pub(crate) fn whole(file: File, most: u64) -> io::Result<Vec<u8>> {
    // No second copy of a key is left in memory that was given back.
    let length = file.metadata()?.len().min(most);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("it is larger than {most} bytes, which no such file is");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_its_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let read_as = |text: &str, mode: u32| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            read_private(&file, 100).map_err(|error| error.to_string())
        };
        for key in ["-----BEGIN OPENSSH PRIVATE KEY-----\n", "# mine\nAGE-SECRET-KEY-1QQ\n"] {
            assert_eq!(read_as(key, 0o640).unwrap_err(), "others than its owner can read it");
            assert_eq!(read_as(key, 0o400).unwrap(), key.as_bytes());
        }
        assert_eq!(read_as("ssh-ed25519 AAAA mine\n", 0o644).unwrap(), b"ssh-ed25519 AAAA mine\n");
    }

    #[test]
    fn only_a_regular_file_of_bounded_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link, pipe) = ["file", "link", "pipe"].map(|name| folder.path().join(name)).into();
        std::fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        rustix::fs::mkfifoat(CWD, &pipe, crate::open::PRIVATE).unwrap();
        assert_eq!(read_text(&link, 4).unwrap(), "text");
        assert_eq!(read(&file, 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        for other in [Path::new("/dev/zero"), &pipe, folder.path()] {
            assert_eq!(read(other, 10).unwrap_err().to_string(), "it is not a regular file", "{}", other.display());
        }
    }
}
