//! The types of regionctl: resource, facts, change, plan, lint, journal event. Pure: no tokio, no files, no clock.

mod argv;
mod change;
mod event;
mod facts;
mod lint;
mod plan;
mod resource;
mod secret_ref;
mod time;

pub use argv::{Argv, quote};
pub use change::{Action, Certainty, Change, FieldChange, diff};
pub use event::{Event, What};
pub use facts::{Facts, LedgerEntry, MAX_GENERATION, Mark, NetworkManager, Nic, StrangeFact, Writer};
pub use lint::{Finding, Severity, forbidden};
pub use plan::{Counts, HostStage, PLAN_FORMAT, Plan, Stage, digest, sha256};
pub use resource::{BadId, Fields, Id, Ref, Resource};
pub use secret_ref::{BadSecretRef, SecretRef};
pub use time::rfc3339;
