//! Observe, execute, journal, ledger, lease, generations, and the host resource kinds.
//!
//! * [`Kind`] is the contract of a resource kind; [`Kinds::host`] are the host kinds.
//! * [`Engine::survey`] asks the hosts, [`Engine::plan`] compares, [`Engine::execute`] makes it true.
//! * [`RegionFolder`] is the operator's side of the memory: journals and generations.

mod batch;
mod board;
pub mod deadman;
mod engine;
mod execute;
mod folder;
mod generation;
mod identity;
pub mod journal;
pub mod kind;
mod kinds;
mod lease;
mod lint;
pub mod locked;
pub mod observe;
mod planned;
mod planner;
mod remote;
mod secrets;
mod shell;
mod survey;

pub use batch::ledger_folder;
pub use deadman::WINDOW;
pub use engine::{About, Engine, PlanError, Survey, stops};
pub use execute::{ADOPTION, HostOutcome, Order, Outcome, RunError};
pub use folder::{FolderError, FolderLock, RegionFolder};
pub use generation::Generation;
pub use kind::{Kind, Kinds, Refusal, Rows};
pub use kinds::blank::{BLANK, WIPE};
pub use kinds::data::is_wiped;
pub use kinds::gluster::{ASK as GLUSTER_ASK, CLI as GLUSTER};
pub use kinds::package::APT_LOCKS;
pub use kinds::{samples, want};
pub use lease::{LEASE_TIME, Lease};
pub use lint::{LINTS, check as lints};
pub use planner::{HostView, Wants, circle, stages};
pub use remote::{HostError, Remote};
pub use secrets::{KeepError, NoSecrets, SecretError, Secrets};
pub use shell::PRELUDE;
pub use survey::{Goal, Selection, Surveyed};
