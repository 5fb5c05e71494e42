//! Named read-only checks of the servers before anything is changed, all reported together.
//!
//! [`script`] asks a server everything in one round trip, [`HostProbe::read`] reads the answer, and [`check`] judges all
//! answers at once: it is pure, so its cases are data (`roles/cases/preflight`). [`CHECKS`] is the list and the
//! documentation; a check is waived by its name with `--allow NAME`.

mod ailments;
#[cfg(test)]
mod cases;
mod check;
mod checks;
mod facts;
mod host;
mod needs;
mod probe;
mod reference;
mod script;

pub use ailments::{Ailment, ailments, smart_of};
pub use check::{Check, Level, Note, Outcome, check};
pub use checks::CHECKS;
pub use facts::{Exchange, RegionFacts};
pub use needs::needs;
pub use probe::{
    Apt, AptSource, Array, Clock, Disk, FileSystemUse, Foreign, Hardware, Health, HostProbe, Identity, Network, Nic, Pair, Pings,
    Smart, System, WriteTest,
};
pub use reference::reference;
pub use script::{brief_script, disks_script, script};
