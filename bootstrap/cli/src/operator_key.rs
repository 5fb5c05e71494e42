//! The operator's own key, on this machine only. It proves that whoever executes a plan file also made it, in a region that has
//! no secrets yet.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use regionctl_files::{random_hex, read_text, write_new};
use regionctl_secrets::Secret;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::home;

/// Random bytes of the key.
const BYTES: usize = 32;

/// `$XDG_STATE_HOME/regionctl/operator.key`, usually in `~/.local/state`.
fn path() -> PathBuf {
    let given = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    given.unwrap_or_else(|| home().join(".local/state")).join("regionctl/operator.key")
}

/// The key; `None` if there is none yet.
///
/// # Errors
/// The file cannot be read.
pub fn find() -> Result<Option<Secret<String>>, Failure> {
    let path = path();
    match read_text(&path, 1000) {
        Ok(text) if text.trim().len() == 2 * BYTES => Ok(Some(Secret::new(text.trim().to_owned()))),
        Ok(_) => Err(Failure::new(Exit::Local, format!("`{}` is not a key", path.display()))
            .hint("remove it: another one is made, and plan files that were made with it are made again")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", &path, &error)),
    }
}

/// The key, made if there is none yet.
///
/// # Errors
/// It cannot be read or made.
pub fn find_or_make() -> Result<Secret<String>, Failure> {
    if let Some(key) = find()? {
        return Ok(key);
    }
    let path = path();
    match make(&path) {
        Ok(key) => Ok(key),
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => find()?.ok_or_else(|| Failure::file("read", &path, &error)),
        Err(error) => Err(Failure::file("write", &path, &error)),
    }
}

fn make(path: &Path) -> io::Result<Secret<String>> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let key = random_hex(BYTES)?;
    write_new(path, format!("{key}\n").as_bytes())?;
    Ok(Secret::new(key))
}
