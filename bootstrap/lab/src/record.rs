//! What is up, in `lab.json`: written before it is needed, never trusted without a look at the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;

use ipnetwork::Ipv4Network;
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::cut::Cut;
use crate::daemon::Process;
use crate::paths::{LabPaths, labs};
use crate::spec::LabSpec;

/// The record of one lab.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// What was asked for.
    pub(crate) spec: LabSpec,
    /// The machine's boot: process ids of another boot mean nothing.
    pub(crate) boot: String,
    /// The range of the link to the outside.
    pub(crate) uplink_cidr: Ipv4Network,
    /// The process that carries the hosts' traffic to the outside.
    pub(crate) uplink: Option<Process>,
    /// Addresses of this machine's world inside the public range, such as a mirror's: routed to the outside.
    #[serde(default)]
    pub(crate) outside: BTreeSet<Ipv4Addr>,
    /// The process of each host that was started.
    #[serde(default)]
    pub(crate) hosts: BTreeMap<String, Process>,
    /// Cut links.
    #[serde(default)]
    pub(crate) cuts: BTreeSet<Cut>,
}

/// The id of the machine's boot.
pub(crate) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

impl Record {
    /// The record of a lab, or none if there is no such lab.
    pub(crate) fn load(paths: &LabPaths) -> Result<Option<Self>, LabError> {
        let path = paths.record();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LabError::io("read", &path)(error)),
        };
        let mut record: Self = serde_json::from_slice(&text).map_err(|source| LabError::Record { path, source })?;
        if record.boot != boot_id() {
            record.boot = boot_id();
            record.uplink = None;
            record.hosts.clear();
        }
        Ok(Some(record))
    }

    /// The record of a lab that must be there.
    pub(crate) fn require(lab: &str) -> Result<Self, LabError> {
        Self::load(&LabPaths::new(lab))?.ok_or_else(|| LabError::NoSuchLab { lab: lab.to_owned(), known: names() })
    }

    /// Writes it, atomically.
    pub(crate) fn save(&self, paths: &LabPaths) -> Result<(), LabError> {
        let path = paths.record();
        let text = serde_json::to_vec_pretty(self).map_err(|source| LabError::Record { path: path.clone(), source })?;
        write_atomically(&path, &text)
    }

    /// The running process of a host.
    pub(crate) fn running(&self, host: &str) -> Option<Process> {
        self.hosts.get(host).copied().filter(|process| process.is_alive())
    }
}

/// Replaces a file as a whole.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), LabError> {
    let temporary = path.with_extension("new");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(LabError::io("write", path))
}

/// The labs that have a folder, up or half up.
pub(crate) fn names() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(labs()) else { return Vec::new() };
    let mut names: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
