//! The archive as a file: written whole or not at all, for its owner's eyes only.

use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::layout::Entry;

/// Writes the entries into a folder of this name in the archive; `at` is their time, in seconds since 1970.
///
/// # Errors
/// What the system says.
pub fn pack(out: impl Write, folder: &str, at: u64, entries: &[Entry]) -> io::Result<()> {
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::default()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.data.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(at);
        tar.append_data(&mut header, format!("{folder}/{}", entry.path), entry.data.as_slice())?;
    }
    tar.into_inner()?.finish()?.flush()
}

/// Puts a new archive at `path`.
///
/// # Errors
/// What the system says; `path` is then as it was before.
pub fn write(path: &Path, folder: &str, at: u64, entries: &[Entry]) -> io::Result<()> {
    regionctl_files::write_by(path, |file| pack(io::BufWriter::new(file), folder, at, entries))
}
