//! A short storm and a sampled sweep over a small region; the long ones are `make e2e SUITE=storm`.
#![allow(clippy::unwrap_used)]

use regionctl_tests::storm::{Moments, Number, rounds, small, sweep};
use regionctl_tests::suite::Suite;

#[test]
fn short_storm() {
    let mut suite = Suite::new("short-storm").unwrap();
    let mut ground = small("shower").unwrap();
    sweep(&mut suite, &mut ground, Moments::Some(4));
    rounds(&mut suite, &mut ground, Number { seed: 1, rounds: 3, slow: false });
    suite.end().unwrap();
}
