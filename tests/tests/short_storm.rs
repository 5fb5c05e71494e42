//! A short storm and a sampled sweep over a small region; the long ones are `make e2e SUITE=storm`.
#![allow(clippy::unwrap_used)]

use regionctl_tests::storm::{Moments, Number, rounds, small, sweep};
use regionctl_tests::suite::Suite;

#[test]
fn short_storm() {
    let mut suite = Suite::new("short-storm").unwrap();
    let mut ground = small("shower").unwrap();
    rounds(&mut suite, &mut ground, Number { seed: 1, rounds: 2, slow: false });
    ground.anew().unwrap();
    sweep(&mut suite, &mut ground, Moments::Some(1), Moments::Some(3));
    suite.end().unwrap();
}
