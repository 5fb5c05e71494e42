//! One command at a time on a lab, or on an image.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::paths::labs;
use crate::{LabError, wait};

/// A held lock. It ends when this is dropped or the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits for a lock file and takes it.
    pub(crate) async fn take(path: &Path, what: &str, timeout: Duration) -> Result<Self, LabError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(LabError::io("create", folder))?;
        }
        let waited = format!("another command to finish with {what} (lock `{}`)", path.display());
        wait::until(waited, timeout, || async { Self::try_take(path) }).await
    }

    /// Waits for the lock of a lab.
    pub(crate) async fn lab(lab: &str) -> Result<Self, LabError> {
        Self::take(&labs().join(format!("{lab}.lock")), &format!("lab `{lab}`"), Duration::from_secs(600)).await
    }

    fn try_take(path: &Path) -> Result<Option<Self>, LabError> {
        let open = || File::options().create(true).append(true).open(path);
        let file = open().map_err(LabError::io("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(LabError::io("lock", path)(error)),
        }
        // The last holder may have removed the file meanwhile: then this lock guards nothing.
        let same = match (file.metadata(), std::fs::metadata(path)) {
            (Ok(held), Ok(there)) => held.ino() == there.ino(),
            _ => false,
        };
        Ok(same.then(|| Self { _file: file, path: path.to_path_buf() }))
    }

    /// Gives it up and removes its file.
    pub(crate) fn remove(self) -> Result<(), LabError> {
        std::fs::remove_file(&self.path).map_err(LabError::io("remove", &self.path))
    }
}
