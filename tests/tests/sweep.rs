//! `install` and `reset` of a small region, stopped after every event: `make e2e SUITE=sweep`; after some: `ROUNDS=n`.
#![allow(clippy::unwrap_used)]

use regionctl_tests::storm::{Moments, small, sweep};
use regionctl_tests::suite::Suite;

/// On fresh servers apt takes most of the time, in few and long steps.
const FRESH: Moments = Moments::Some(12);

#[test]
fn sweeps() {
    let mut suite = Suite::new("sweep").unwrap();
    let [fresh, prepared] = [FRESH, Moments::Every].map(|usual| Moments::from_environment(usual).unwrap());
    sweep(&mut suite, &mut small("sweep").unwrap(), fresh, prepared);
    suite.end().unwrap();
}
