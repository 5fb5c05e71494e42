//! Opening without surprises, from a folder that is held open.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

/// Beside it, only the owner's.
pub(crate) const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// As `openat`, without a terminal, without waiting for a pipe's other end, and with an error that says what a link is.
pub(crate) fn at(folder: impl AsFd, name: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    openat(folder, name, flags, mode).map_err(|errno| match errno {
        Errno::LOOP => io::Error::new(io::ErrorKind::InvalidInput, "it is a link, and may lead anywhere"),
        other => other.into(),
    })
}

/// A regular file; anything else may have no end, or do something when it is read.
pub(crate) fn regular(fd: OwnedFd) -> io::Result<File> {
    let file = File::from(fd);
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
}
