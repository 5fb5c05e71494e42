//! Where hosts see how far the others are: a change waits only for what it truly depends on.

use std::collections::BTreeMap;

use regionctl_plan::{Change, Ref};
use tokio::sync::watch;

/// How far one planned change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not yet, or just now.
    Pending,
    /// It is so.
    Done,
    /// It will not be so in this run.
    Failed,
}

/// The status of every planned change of every host.
pub struct Board(watch::Sender<BTreeMap<Ref, Status>>);

impl Board {
    /// A board on which everything is pending.
    pub fn new(changes: impl Iterator<Item = Ref>) -> Self {
        Self(watch::Sender::new(changes.map(|change| (change, Status::Pending)).collect()))
    }

    /// Sets the status of some changes of a host.
    pub fn set<'a>(&self, host: &str, changes: impl IntoIterator<Item = &'a Change>, status: Status) {
        self.0.send_modify(|board| {
            for change in changes {
                board.insert(Ref { host: host.to_owned(), id: change.id().clone() }, status);
            }
        });
    }

    /// The status of what a change waits for, all together. What is not planned is already so.
    pub fn waits(&self, change: &Change) -> Status {
        together(&self.0.borrow(), &change.resource.waits)
    }

    /// Waits until none of these is pending. What is not planned is already so.
    pub async fn settled(&self, waits: &[Ref]) -> Status {
        let mut watch = self.0.subscribe();
        let settled = watch.wait_for(|board| together(board, waits) != Status::Pending).await;
        settled.map_or(Status::Failed, |board| together(&board, waits))
    }

    /// The first thing a change waits for in vain.
    pub fn failed<'a>(&self, change: &'a Change) -> Option<&'a Ref> {
        let board = self.0.borrow();
        change.resource.waits.iter().find(|wait| board.get(wait) == Some(&Status::Failed))
    }
}

fn together(board: &BTreeMap<Ref, Status>, waits: &[Ref]) -> Status {
    let status = |wait: &Ref| board.get(wait).copied().unwrap_or(Status::Done);
    if waits.iter().any(|wait| status(wait) == Status::Failed) {
        Status::Failed
    } else if waits.iter().any(|wait| status(wait) == Status::Pending) {
        Status::Pending
    } else {
        Status::Done
    }
}
