//! The operator's region folder, `.regionctl` beside `region.yaml`: journals, generations, and one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use regionctl_plan::Facts;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::generation::Generation;
use crate::identity;

/// A region folder.
#[derive(Debug, Clone)]
pub struct RegionFolder {
    root: PathBuf,
}

/// Proof that this process is the only one that changes the region from this folder. Let go when dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// What can go wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process works on it.
    #[error("another regionctl works on this region: {0}")]
    Busy(String),
    /// A file cannot be read or written.
    #[error("cannot use `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{path}` is damaged")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::Io { path, source }
}

impl RegionFolder {
    /// The folder that belongs to an inventory file.
    pub fn beside(inventory: &Path) -> Self {
        let parent = inventory.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { root: parent.join(".regionctl") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Takes the folder for a run that changes things; `what` is shown to whoever comes second.
    ///
    /// # Errors
    /// Another process has it.
    pub fn lock(&self, what: &str) -> Result<FolderLock, FolderError> {
        fs::create_dir_all(&self.root).map_err(io_error(&self.root))?;
        let path = self.root.join("lock");
        let open = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path);
        let mut file = open.map_err(io_error(&path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(io_error(&path))?;
                return Err(FolderError::Busy(holder.trim().to_owned()));
            }
            Err(errno) => return Err(io_error(&path)(errno.into())),
        }
        let write =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{what}, process {}", std::process::id()));
        write.map_err(io_error(&path))?;
        Ok(FolderLock { _file: file })
    }

    /// Who this folder is, on the hosts' leases: `user@machine:folder`.
    pub fn owner(&self) -> String {
        let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "root".into());
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let path = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        format!("{user}@{machine}:{}", path.parent().unwrap_or(&path).display()).replace(['\t', '\n'], " ")
    }

    /// Where the journal of a run is.
    pub fn journal(&self, run: &str) -> PathBuf {
        self.root.join("runs").join(format!("{run}.ndjson"))
    }

    /// The runs that have a journal, oldest first: their ids sort by time.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn runs(&self) -> Result<Vec<String>, FolderError> {
        self.names("runs", ".ndjson")
    }

    /// The numbers of the generations kept here, oldest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn generations(&self) -> Result<Vec<u64>, FolderError> {
        let mut numbers: Vec<u64> = self.names("generations", ".json")?.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The region's own id; `None` before its first run.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn id(&self) -> Result<Option<String>, FolderError> {
        let path = self.root.join("id");
        identity::read_id(&path).map_err(io_error(&path))
    }

    /// Keeps an id for the region, or a new one, if it has none; gives the one that it has.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn keep_id(&self, id: Option<&str>) -> Result<String, FolderError> {
        if let Some(id) = self.id()? {
            return Ok(id);
        }
        let path = self.root.join("id");
        let id = id.map_or_else(identity::new_id, |id| Ok(id.to_owned()));
        let kept = id.and_then(|id| write_whole(&path, format!("{id}\n").as_bytes()).map(|()| id));
        kept.map_err(io_error(&path))
    }

    fn names(&self, folder: &str, suffix: &str) -> Result<Vec<String>, FolderError> {
        let path = self.root.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error(&path)(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter_map(|name| Some(name.strip_suffix(suffix)?.to_owned())).collect();
        names.sort();
        Ok(names)
    }

    /// A kept generation.
    ///
    /// # Errors
    /// It is not here or damaged.
    pub fn generation(&self, number: u64) -> Result<Generation, FolderError> {
        let path = self.generation_path(number);
        let text = fs::read_to_string(&path).map_err(io_error(&path))?;
        serde_json::from_str(&text).map_err(|source| FolderError::Damaged { path, source })
    }

    /// Keeps a generation. Written whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_generation(&self, generation: &Generation) -> Result<(), FolderError> {
        let path = self.generation_path(generation.number);
        let text = serde_json::to_vec_pretty(generation).map_err(|source| FolderError::Damaged { path: path.clone(), source })?;
        write_whole(&path, &text).map_err(io_error(&path))
    }

    /// What a host was when it was last asked: a guess at what to ask next time, never believed.
    pub fn last_facts(&self, host: &str) -> Option<Facts> {
        let text = fs::read(self.facts_path(host)).ok()?;
        serde_json::from_slice::<Facts>(&text).ok()?.checked().ok()
    }

    /// Remembers what a host is. Where that cannot be written the next question costs a second round trip, nothing else.
    pub fn remember_facts(&self, host: &str, facts: &Facts) {
        let path = self.facts_path(host);
        let folder = fs::create_dir_all(self.root.join("facts"));
        let json = serde_json::to_vec(facts).map_err(io::Error::from);
        let written = folder.and(json).and_then(|json| fs::write(path, json));
        if let Err(error) = written {
            tracing::debug!("facts of {host} are not remembered: {error}");
        }
    }

    fn facts_path(&self, host: &str) -> PathBuf {
        self.root.join("facts").join(format!("{host}.json"))
    }

    fn generation_path(&self, number: u64) -> PathBuf {
        self.root.join("generations").join(format!("{number}.json"))
    }
}

/// Writes a file by temporary file, fsync and rename.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let region = RegionFolder::beside(&folder.path().join("region.yaml"));
        let first = region.lock("install").unwrap();
        let second = region.lock("reset").unwrap_err().to_string();
        assert!(second.contains("install, process"), "{second}");
        drop(first);
        region.lock("reset").unwrap();
    }
}
