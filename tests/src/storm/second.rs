//! A second operator: a copy of the first one's folder, with a lock and an owner of its own.

use std::path::{Path, PathBuf};

use super::ground::Ground;
use super::run::Run;
use crate::place::lab_folder;
use crate::region::{Failed, until, want};

/// See the module.
pub struct Second {
    home: tempfile::TempDir,
}

impl Second {
    /// Copies what the first operator has; the hosts stay where they are.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn of(lab: &str) -> Result<Self, Failed> {
        let second = Self { home: tempfile::tempdir().map_err(|error| error.to_string())? };
        copy(&lab_folder(lab), &second.home.path().join("regionctl/lab").join(lab))?;
        Ok(second)
    }

    /// Waits until the first one's leases have expired, and runs the verb, twice at most.
    ///
    /// # Errors
    /// A lease does not expire, or the verb does not end well.
    pub fn takes_over(&self, ground: &Ground, arguments: &[&str]) -> Result<String, Failed> {
        let free = "[ ! -e /var/lib/regionctl/lease ] || [ \"$(cut -f4 /var/lib/regionctl/lease)\" -le \"$(date +%s)\" ]";
        for host in ground.hosts {
            until(200, &format!("the lease of {host} to expire"), || ground.region.on(host, free).is_ok())?;
        }
        let mut said = String::new();
        for _ in 0..2 {
            let ended = Run::begin(&ground.region, arguments, "second", Some(self.home.path()))?.end()?;
            said += &format!("the second operator: {}", ended.said);
            if ended.ok {
                return Ok(said);
            }
        }
        want(false, || said.clone())?;
        Ok(said)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    let text = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(to).map_err(|error| text(to, error))?;
    for entry in std::fs::read_dir(from).map_err(|error| text(from, error))? {
        let path: PathBuf = entry.map_err(|error| text(from, error))?.path();
        let Some(name) = path.file_name().filter(|name| *name != "hosts") else { continue };
        let target = to.join(name);
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).map_err(|error| text(&path, error))?;
        }
    }
    Ok(())
}
