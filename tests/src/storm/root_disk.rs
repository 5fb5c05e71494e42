//! A root file system of its own for one host of a lab: otherwise all hosts and the machine share one, which nobody may fill.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::lab_folder;
use crate::region::Failed;

/// See the module. It lies below everything that the lab keeps of the host, so the host must have no data disks.
pub struct RootDisk {
    folder: PathBuf,
}

impl RootDisk {
    /// Makes one, before the lab comes up, in a file that takes no more room than is used of it.
    ///
    /// # Errors
    /// A program fails.
    pub fn make(lab: &str, host: &str, image: &Path) -> Result<Self, Failed> {
        let disk = Self { folder: lab_folder(lab).join("hosts").join(host) };
        let text = |error: std::io::Error| format!("{}: {error}", disk.folder.display());
        std::fs::create_dir_all(&disk.folder).map_err(text)?;
        let file = std::fs::File::create(image).map_err(text)?;
        file.set_len(SIZE).map_err(text)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(image))?;
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(&disk.folder))?;
        Ok(disk)
    }

    /// Takes away what a test that was killed left mounted.
    pub fn clear(lab: &str, host: &str) {
        let disk = Self { folder: lab_folder(lab).join("hosts").join(host) };
        drop(disk);
    }
}

/// What preflight wants, and some more.
const SIZE: u64 = 10 << 30;

fn run(command: &mut Command) -> Result<(), Failed> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))) }
}

/// The lab's own way down wants no mount in its folder; the host's goes on until it is off.
impl Drop for RootDisk {
    fn drop(&mut self) {
        let mounted = || std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let point = format!(" {} ", self.folder.display());
        if mounted().contains(&point)
            && let Err(error) = run(Command::new("umount").arg("--lazy").arg(&self.folder))
        {
            eprintln!("{error}");
        }
    }
}
