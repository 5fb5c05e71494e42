//! A lab that is up.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use regionctl_plan::Argv;
use serde::Serialize;

use crate::LabError;
use crate::cut::Cut;
use crate::enter::enter_command;
use crate::host;
use crate::mounts::is_mount;
use crate::names::{namespace, namespace_path};
use crate::paths::LabPaths;
use crate::record::{Record, names};
use crate::spec::{HostKind, LabSpec};
use crate::substitution::{Substitution, substitutions_with};

/// A handle on a lab that exists. It holds nothing: dropping it leaves the lab up.
#[derive(Debug, Clone)]
pub struct Lab {
    record: Record,
}

impl Lab {
    pub(crate) fn new(record: Record) -> Self {
        Self { record }
    }

    /// The lab of this name.
    pub fn open(name: &str) -> Result<Self, LabError> {
        Record::require(name).map(Self::new)
    }

    /// What the lab was made from.
    pub fn spec(&self) -> &LabSpec {
        &self.record.spec
    }

    /// The private key that root of every host accepts: an OpenSSH ed25519 key without passphrase.
    pub fn identity_file(&self) -> PathBuf {
        LabPaths::new(&self.spec().name).key()
    }

    /// The host keys of all hosts, in `known_hosts` format.
    pub fn known_hosts_file(&self) -> PathBuf {
        LabPaths::new(&self.spec().name).known_hosts()
    }

    /// The lab's folder.
    pub fn folder(&self) -> PathBuf {
        LabPaths::new(&self.spec().name).root
    }

    /// Where the lab differs from what was asked for.
    pub fn substitutions(&self) -> Vec<Substitution> {
        substitutions_with(self.spec(), &self.record.outside)
    }

    /// The `ssh` command line to a host as root, complete with the way into the lab; the remote command is to be added
    /// as one word, quoted by [`Argv`]'s `Display`.
    pub fn ssh_command(&self, host: &str) -> Result<Argv, LabError> {
        let paths = LabPaths::new(&self.spec().name);
        let ssh = host::ssh(&paths, self.spec().host(host)?);
        Ok(enter_command(&self.spec().name)?.args(ssh.words().iter().cloned()))
    }

    /// How the lab is now.
    pub fn status(&self) -> LabStatus {
        let spec = self.spec();
        LabStatus {
            name: spec.name.clone(),
            network: is_mount(&namespace_path(&namespace(&spec.name))),
            uplink: self.record.uplink.is_some_and(|process| process.is_alive()),
            hosts: spec
                .hosts
                .iter()
                .map(|each| HostStatus {
                    name: each.name.clone(),
                    kind: each.kind,
                    debian: each.debian.into(),
                    public_address: each.public_address,
                    vrack_address: each.vrack_address,
                    pid: self.record.running(&each.name).map(|process| process.pid()),
                })
                .collect(),
            cuts: self.record.cuts.iter().cloned().collect(),
        }
    }
}

/// How a lab is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabStatus {
    /// Its name.
    pub name: String,
    /// Whether its network is there. It is gone after a reboot of this machine; `up` brings it back.
    pub network: bool,
    /// Whether the hosts can reach the outside.
    pub uplink: bool,
    /// Its hosts.
    pub hosts: Vec<HostStatus>,
    /// Its cut links.
    pub cuts: Vec<Cut>,
}

/// How a host of a lab is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostStatus {
    /// Its name.
    pub name: String,
    /// How it is made.
    pub kind: HostKind,
    /// Its Debian version.
    pub debian: u8,
    /// Its public address.
    pub public_address: Ipv4Addr,
    /// Its vrack address.
    pub vrack_address: Option<Ipv4Addr>,
    /// The process that is its power supply, or none when it is off.
    pub pid: Option<i32>,
}

/// How the lab of this name is.
pub fn status(lab: &str) -> Result<LabStatus, LabError> {
    Lab::open(lab).map(|lab| lab.status())
}

/// The names of the labs that exist, up or half up.
pub fn list() -> Vec<String> {
    names()
}
