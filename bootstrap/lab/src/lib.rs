//! A rehearsal region on this machine: the servers of an inventory as real Debian hosts.
//!
//! A lab lives in a network namespace of its own, with one bridge for the public network and one for the vrack. The
//! operator's place is inside: [`enter_command`] and [`exec`] run a command there, [`connect`] opens a connection from
//! there. When the lab is down the namespace does not exist, so nothing can be sent to a host by mistake.
//!
//! Verbs are functions: [`up`], [`down`], [`status`], [`exec`], [`cut`], [`heal`], [`power`], [`reinstall`], [`list`].

mod account;
mod cgroup;
mod container;
mod cut;
mod daemon;
mod disks;
mod down;
mod enter;
mod error;
mod from_region;
mod host;
mod identity;
mod image;
mod keys;
mod kvm;
mod lab;
mod lock;
mod mounts;
mod names;
mod network;
mod paths;
mod power;
mod probe;
mod progress;
mod recipe;
mod record;
mod reinstall;
mod requirements;
mod run;
mod spec;
mod substitution;
mod up;
mod vm;
mod wait;

pub use cut::{Cut, CutTarget, cut, heal};
pub use down::down;
pub use enter::{enter_command, exec, is_inside};
pub use error::LabError;
pub use lab::{HostStatus, Lab, LabStatus, list, status};
pub use power::{Force, Power, power};
pub use probe::connect;
pub use progress::{OnProgress, Progress};
pub use reinstall::reinstall;
pub use requirements::{Missing, requirements};
pub use spec::{Debian, HostKind, LabDisk, LabHost, LabSpec, Network, PublicNetwork, VrackNetwork};
pub use substitution::{Substitution, substitutions};
pub use up::up;
