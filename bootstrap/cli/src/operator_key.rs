//! The operator's own key, on this machine only. It proves that whoever executes a plan file also made it, in a region that has
//! no secrets yet.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use regionctl_secrets::{Secret, password};

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
    match fs::read_to_string(&path) {
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
    let key = password(BYTES).map_err(|error| Failure::from_error(Exit::Local, &error))?;
    match make(&path, &key) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => find()?.ok_or_else(|| Failure::file("read", &path, &error)),
        Err(error) => Err(Failure::file("write", &path, &error)),
        Ok(()) => Ok(key),
    }
}

fn make(path: &Path, key: &Secret<String>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", key.reveal())?;
    file.sync_all()
}
