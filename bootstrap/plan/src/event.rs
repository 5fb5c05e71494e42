//! The journal's events: progress stream, audit log and resume point in one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Counts, Id};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the journal, from 1.
    pub seq: u64,
    /// UTC, RFC 3339 with milliseconds.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// A run began. Everything it means to do is registered before the first change.
    RunStarted {
        /// The run's id.
        run: String,
        /// The verb, such as `install`.
        verb: String,
        /// Who: `user@machine`.
        owner: String,
        /// The plan's id.
        plan: String,
        /// The generation it starts from.
        parent: Option<u64>,
        /// The names given to `--allow`.
        allowed: Vec<String>,
        /// Planned changes by stage and host.
        stages: Vec<(String, BTreeMap<String, Vec<Id>>)>,
    },
    /// The run holds this host's lease.
    LeaseTaken {
        /// The host.
        host: String,
        /// The run it was taken over from, if it was.
        from: Option<String>,
    },
    /// A remote unit of an earlier run was still working and is waited for.
    UnitAdopted {
        /// The host.
        host: String,
        /// The unit's name.
        unit: String,
    },
    /// A unit of an earlier run says how far it is.
    UnitProgress {
        /// The host.
        host: String,
        /// The unit's name.
        unit: String,
        /// How far, in words.
        progress: String,
    },
    /// A host could not be worked with; the others go on.
    HostFailed {
        /// The host.
        host: String,
        /// Why.
        error: String,
        /// What to do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// The host will take back what may cut SSH, unless a new connection keeps it.
    RevertArmed {
        /// The host.
        host: String,
        /// The layer.
        stage: String,
        /// How long the host waits, in seconds.
        seconds: u64,
        /// How many changes belong together.
        changes: usize,
    },
    /// A new connection kept what may cut SSH.
    RevertDisarmed {
        /// The host.
        host: String,
        /// The layer.
        stage: String,
    },
    /// The host took back what may cut SSH: these changes are not made.
    Reverted {
        /// The host.
        host: String,
        /// The layer.
        stage: String,
        /// Which.
        changes: Vec<Id>,
        /// Why.
        why: String,
    },
    /// A batch went out to a host in one round trip, as one transient unit.
    BatchStarted {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// The unit's name.
        unit: String,
        /// How many changes it carries.
        changes: usize,
    },
    /// A change began on the host.
    ChangeStarted {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// The resource.
        id: Id,
    },
    /// A change that takes long says how far it is.
    ChangeProgress {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// The resource.
        id: Id,
        /// How far, in words.
        progress: String,
    },
    /// A change ended well.
    ChangeDone {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// The resource.
        id: Id,
        /// How long the host worked on it, in milliseconds.
        millis: u64,
    },
    /// A change failed; the rest of its host is skipped.
    ChangeFailed {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// The resource.
        id: Id,
        /// Why, with the last lines of output.
        error: String,
    },
    /// A change was not tried.
    ChangeSkipped {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// The resource.
        id: Id,
        /// Why.
        why: String,
    },
    /// At a stage boundary the host was not as the plan expected: nothing more is done there.
    PlanDiffers {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// What differs.
        differences: Vec<String>,
    },
    /// A stage ended on a host.
    StageDone {
        /// The host.
        host: String,
        /// The stage.
        stage: String,
        /// SSH round trips used by the stage.
        round_trips: u64,
    },
    /// Another run took the lease: this one does no more.
    Fenced {
        /// The host where it was noticed.
        host: String,
        /// Who holds it.
        by: String,
    },
    /// A generation was written.
    Generation {
        /// Its number.
        number: u64,
    },
    /// The run ended by itself. A journal without this line was interrupted.
    RunEnded {
        /// True if everything planned was done.
        ok: bool,
        /// What the plan meant to do.
        planned: Counts,
        /// Changes that ended well.
        done: usize,
        /// Changes that failed or were not tried.
        left: usize,
    },
}
