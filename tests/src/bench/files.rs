//! Where things are.

use std::path::{Path, PathBuf};

use crate::bench::error::BenchError;

/// The playbook, the deploy and the resources: `tests/bench`.
pub fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("bench")
}

/// Everything that a run writes: `target/bench`.
pub fn output() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).join("target/bench")
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String, BenchError> {
    std::fs::read_to_string(path).map_err(BenchError::io("read", path))
}

/// Writes a file, and the folder it is in.
pub fn write(path: &Path, content: &str) -> Result<(), BenchError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(BenchError::io("create", folder))?;
    }
    std::fs::write(path, content).map_err(BenchError::io("write", path))
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), BenchError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BenchError::io("remove", path)(error)),
        _ => Ok(()),
    }
}
