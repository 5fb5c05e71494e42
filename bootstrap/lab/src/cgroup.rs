//! The cgroups of container hosts on a machine that no systemd runs.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::daemon::Process;
use crate::mounts::cgroups;

/// The cgroups of this name, one per hierarchy, that exist.
pub(crate) fn existing(name: &str) -> Vec<PathBuf> {
    cgroups().into_iter().map(|point| point.join(name)).filter(|path| path.is_dir()).collect()
}

/// The cgroups of all hosts of a lab that exist.
pub(crate) fn of_lab(namespace: &str) -> Vec<PathBuf> {
    let prefix = format!("{namespace}.");
    cgroups()
        .iter()
        .filter_map(|point| fs::read_dir(point).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| path.is_dir() && path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix)))
        .collect()
}

/// Kills what is in cgroups and removes them with all below. Kill and removal take a moment: to be called until they are gone.
pub(crate) fn clear(paths: &[PathBuf]) {
    for path in paths {
        clear_below(path);
    }
}

fn clear_below(path: &Path) {
    let members = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    for process in members.lines().filter_map(|pid| Process::of(pid.parse().ok()?)) {
        process.signal(Signal::KILL);
    }
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            clear_below(&entry.path());
        }
    }
    // What stays is seen by the check at the end of `down`.
    let _ = fs::remove_dir(path);
}
