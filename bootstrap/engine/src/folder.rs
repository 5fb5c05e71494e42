//! The operator's region folder, `.regionctl` beside `region.yaml`: journals, generations, and one process at a time.
//!
//! It may have come with a repository that somebody sent. Nothing in it is followed anywhere, and nothing in it decides what is
//! done to a server: all of it can be lost and fetched again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use regionctl_files::{Folder, random_hex};
use regionctl_plan::{Event, Facts};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::generation::Generation;
use crate::journal;

/// Random bytes of a region's id.
const ID_BYTES: usize = 16;
/// More than a file of the folder has: a journal or a generation of a large region.
const MAX_BYTES: u64 = 1 << 30;

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

/// What there is of something that may not be there.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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

    fn make(&self) -> Result<Folder, FolderError> {
        Folder::make(&self.root).map_err(io_error(&self.root))
    }

    /// Does something in a folder of it, made if it is missing.
    fn within<T>(&self, folder: &str, file: &str, act: impl FnOnce(&Folder) -> io::Result<T>) -> Result<T, FolderError> {
        let inside = self.make()?.make_folder(folder).map_err(io_error(&self.root.join(folder)))?;
        act(&inside).map_err(io_error(&self.root.join(folder).join(file)))
    }

    /// Does something in a folder of it; `None` if there is no such folder, or not what is looked for in it.
    fn look<T>(&self, folder: &str, file: &str, act: impl FnOnce(&Folder) -> io::Result<T>) -> Result<Option<T>, FolderError> {
        let root = found(Folder::open(&self.root)).map_err(io_error(&self.root))?;
        let Some(root) = root else { return Ok(None) };
        let inside = found(root.folder(folder)).map_err(io_error(&self.root.join(folder)))?;
        let Some(inside) = inside else { return Ok(None) };
        found(act(&inside)).map_err(io_error(&self.root.join(folder).join(file)))
    }

    /// Takes the folder for a run that changes things; `what` is shown to whoever comes second.
    ///
    /// # Errors
    /// Another process has it.
    pub fn lock(&self, what: &str) -> Result<FolderLock, FolderError> {
        let path = self.root.join("lock");
        let mut file = self.make()?.open_or_create("lock").map_err(io_error(&path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                (&file).take(1000).read_to_string(&mut holder).map_err(io_error(&path))?;
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

    /// The region's own id; `None` before its first run.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn id(&self) -> Result<Option<String>, FolderError> {
        let path = self.root.join("id");
        let Some(root) = found(Folder::open(&self.root)).map_err(io_error(&self.root))? else { return Ok(None) };
        let Some(bytes) = found(root.read("id", 100)).map_err(io_error(&path))? else { return Ok(None) };
        let id = String::from_utf8_lossy(&bytes).trim().to_owned();
        if id.len() == 2 * ID_BYTES && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(id));
        }
        Err(io_error(&path)(io::Error::new(io::ErrorKind::InvalidData, "it holds no id of a region")))
    }

    /// Keeps an id for the region, or a new one, if it has none; gives the one that it has.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn keep_id(&self, id: Option<&str>) -> Result<String, FolderError> {
        if let Some(id) = self.id()? {
            return Ok(id);
        }
        let root = self.make()?;
        let id = id.map_or_else(|| random_hex(ID_BYTES), |id| Ok(id.to_owned()));
        let kept = id.and_then(|id| root.write("id", format!("{id}\n").as_bytes()).map(|()| id));
        kept.map_err(io_error(&self.root.join("id")))
    }

    /// A new file for the journal of a run.
    ///
    /// # Errors
    /// There is one already, or it cannot be made.
    pub fn new_journal(&self, run: &str) -> Result<File, FolderError> {
        let name = format!("{run}.ndjson");
        self.within("runs", &name, |runs| runs.create(&name))
    }

    /// The journal of a run, opened for reading; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn journal(&self, run: &str) -> Result<Option<File>, FolderError> {
        let name = format!("{run}.ndjson");
        self.look("runs", &name, |runs| runs.open_file(&name))
    }

    /// What happened in a run; nothing if it has no journal.
    ///
    /// # Errors
    /// Its journal cannot be read or is damaged.
    pub fn events(&self, run: &str) -> Result<Vec<Event>, FolderError> {
        let name = format!("{run}.ndjson");
        let events = self.look("runs", &name, |runs| journal::read(&runs.read(&name, MAX_BYTES)?))?;
        Ok(events.unwrap_or_default())
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

    fn names(&self, folder: &str, suffix: &str) -> Result<Vec<String>, FolderError> {
        let names = self.look(folder, "", Folder::names)?.unwrap_or_default();
        Ok(names.iter().filter_map(|name| Some(name.strip_suffix(suffix)?.to_owned())).collect())
    }

    /// A kept generation.
    ///
    /// # Errors
    /// It is not here or damaged.
    pub fn generation(&self, number: u64) -> Result<Generation, FolderError> {
        let name = format!("{number}.json");
        let path = self.root.join("generations").join(&name);
        let bytes = self.look("generations", &name, |generations| generations.read(&name, MAX_BYTES))?;
        let bytes = bytes.ok_or_else(|| io_error(&path)(io::ErrorKind::NotFound.into()))?;
        serde_json::from_slice(&bytes).map_err(|source| FolderError::Damaged { path, source })
    }

    /// Keeps a generation. Written whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_generation(&self, generation: &Generation) -> Result<(), FolderError> {
        let name = format!("{}.json", generation.number);
        let path = self.root.join("generations").join(&name);
        let text = serde_json::to_vec_pretty(generation).map_err(|source| FolderError::Damaged { path, source })?;
        self.within("generations", &name, |generations| generations.write(&name, &text))
    }

    /// The hosts that were asked from here, at any time.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn asked_hosts(&self) -> Result<BTreeSet<String>, FolderError> {
        Ok(self.names("facts", ".json")?.into_iter().collect())
    }

    /// Forgets what a host was, where that can be.
    pub fn forget_facts(&self, host: &str) {
        let name = format!("{host}.json");
        if let Err(error) = self.look("facts", &name, |facts| facts.remove(&name)) {
            tracing::debug!("facts of {host} are not forgotten: {error}");
        }
    }

    /// What a host was when it was last asked: a guess at what to ask next time, never believed.
    pub fn last_facts(&self, host: &str) -> Option<Facts> {
        let name = format!("{host}.json");
        let bytes = self.look("facts", &name, |facts| facts.read(&name, MAX_BYTES)).ok()??;
        serde_json::from_slice::<Facts>(&bytes).ok()?.checked().ok()
    }

    /// Remembers what a host is. Where that cannot be written the next question costs a second round trip, nothing else.
    pub fn remember_facts(&self, host: &str, facts: &Facts) {
        let name = format!("{host}.json");
        let written = self.within("facts", &name, |folder| folder.write(&name, &serde_json::to_vec(facts)?));
        if let Err(error) = written {
            tracing::debug!("facts of {host} are not remembered: {error}");
        }
    }
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

    #[test]
    fn what_somebody_put_into_it_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        let root = folder.path().join(".regionctl");
        for inside in ["facts", "generations", "runs"] {
            fs::create_dir_all(root.join(inside)).unwrap();
        }
        for name in ["facts/a.json", "lock", "id", "generations/1.json", "generations/1.new", "runs/1.ndjson"] {
            std::os::unix::fs::symlink(&victim, root.join(name)).unwrap();
        }
        let region = RegionFolder::beside(&folder.path().join("region.yaml"));
        region.remember_facts("a", &Facts::assumed());
        assert_eq!(region.last_facts("a"), Some(Facts::assumed()));
        for error in [region.lock("install").unwrap_err(), region.id().unwrap_err(), region.generation(1).unwrap_err()] {
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("it is a link"), "{error}: {cause}");
        }
        assert!(region.new_journal("1").is_err() && region.journal("1").is_err());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");

        fs::remove_dir_all(root.join("facts")).unwrap();
        std::os::unix::fs::symlink(folder.path(), root.join("facts")).unwrap();
        region.remember_facts("victim", &Facts::assumed());
        assert!(!folder.path().join("victim.json").exists());
    }
}
