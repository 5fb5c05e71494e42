//! The disks of hosts: sparse files, and loop devices for containers.

use std::fs;
use std::path::{Path, PathBuf};

use regionctl_plan::Argv;

use crate::LabError;
use crate::image::{create_dir, sparse};
use crate::paths::HostPaths;
use crate::run::run;
use crate::spec::LabHost;

/// Makes the files of a host's disks; those that exist keep their data.
pub(crate) fn ensure_files(host: &LabHost, paths: &HostPaths) -> Result<(), LabError> {
    for disk in &host.disks {
        let file = paths.disk(&disk.device);
        if let Some(folder) = file.parent() {
            create_dir(folder)?;
        }
        if !file.exists() {
            sparse(&file, disk.bytes)?;
        }
    }
    Ok(())
}

/// Attaches each disk's file to a loop device and returns (loop device, path on the host).
pub(crate) async fn attach(host: &LabHost, paths: &HostPaths) -> Result<Vec<(String, String)>, LabError> {
    let mut devices = Vec::new();
    for disk in &host.disks {
        let file = paths.disk(&disk.device);
        let device = match loops().into_iter().find(|l| l.backing == file) {
            Some(attached) => attached.device,
            None => run(&Argv::new("losetup").args(["--find", "--show"]).arg(file.display().to_string())).await?,
        };
        devices.push((device.trim().to_owned(), disk.device.clone()));
    }
    Ok(devices)
}

/// One attached loop device.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) device: String,
    pub(crate) backing: PathBuf,
}

/// Every attached loop device of this machine.
pub(crate) fn loops() -> Vec<Loop> {
    let Ok(entries) = fs::read_dir("/sys/block") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let backing = fs::read_to_string(entry.path().join("loop/backing_file")).ok()?;
            // The kernel adds this when the file is gone.
            let backing = backing.trim_end_matches('\n').trim_end_matches(" (deleted)");
            Some(Loop { device: format!("/dev/{}", entry.file_name().to_str()?), backing: PathBuf::from(backing) })
        })
        .collect()
}

/// Detaches every loop device whose file is below a folder.
pub(crate) async fn detach_below(folder: &Path) -> Result<(), LabError> {
    for attached in loops().iter().filter(|l| l.backing.starts_with(folder)) {
        detach(&attached.device).await?;
    }
    Ok(())
}

/// Detaches the loop devices that a host attached itself: their files are on its root file system.
pub(crate) async fn detach_on(root_device: &str) -> Result<(), LabError> {
    let list = Argv::new("losetup").args(["--list", "--noheadings", "--output", "NAME,BACK-MAJ:MIN"]);
    for line in run(&list).await?.lines() {
        if let Some((device, backing)) = line.split_once(' ')
            && backing.trim() == root_device
        {
            detach(device).await?;
        }
    }
    Ok(())
}

async fn detach(device: &str) -> Result<(), LabError> {
    run(&Argv::new("losetup").args(["--detach", device])).await.map(drop)
}
