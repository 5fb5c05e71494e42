//! A second operator: a copy of the first one's folder, with a lock and an owner of its own.

use std::path::{Path, PathBuf};

use super::ground::Ground;
use super::run::Run;
use crate::place::lab_folder;
use crate::region::{Failed, until};

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

    /// Waits until the first one's leases have expired, and runs the verb, twice at most. Gives what was said, and whether a
    /// lease was taken: where the first one's host has done everything by itself, nothing is left to take it for.
    ///
    /// # Errors
    /// A lease does not expire, or the verb does not end well.
    pub fn takes_over(&self, ground: &Ground, arguments: &[&str]) -> Result<(String, bool), Failed> {
        let free = "[ ! -e /var/lib/regionctl/lease ] || [ \"$(cut -f4 /var/lib/regionctl/lease)\" -le \"$(date +%s)\" ]";
        for host in ground.hosts {
            until(200, &format!("the lease of {host} to expire"), || ground.region.on(host, free).is_ok())?;
        }
        let (mut said, mut taken) = (String::new(), false);
        for _ in 0..2 {
            let ended = Run::begin(&ground.region, arguments, "second", Some(self.home.path()))?.end()?;
            said += &format!("the second operator: {}", ended.said);
            taken |= ended.events > 0;
            if ended.ok {
                return Ok((said, taken));
            }
        }
        Err(said)
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
