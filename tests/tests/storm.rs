//! Storms over a lab region with all layers: `make e2e SUITE=storm [SEED=n] [ROUNDS=n]`.
#![allow(clippy::unwrap_used)]

use regionctl_tests::region::{Failed, LabRegion};
use regionctl_tests::storm::{Ground, Number, rounds};
use regionctl_tests::suite::Suite;

const LAB: &str = "storm";
/// It has no data disks.
const OWN_ROOT: &str = "compute-2";
const USUAL: Number = Number { seed: 1, rounds: 12, slow: true };

#[test]
fn storm() {
    let mut suite = Suite::new("storm").unwrap();
    suite.part("rounds", all);
    suite.end().unwrap();
}

fn all(suite: &mut Suite) -> Result<(), Failed> {
    let number = Number::from_environment(USUAL)?;
    // Disks that are soon full.
    let document =
        LabRegion::example(LAB)?.replacen("diskSize: 4GiB", "diskSize: 1GiB", 1).replacen("arbiter: 1GiB", "arbiter: 512MiB", 1);
    let mut ground = Ground::up(LAB, document, &LabRegion::HOSTS, Some(OWN_ROOT))?;
    rounds(suite, &mut ground, number);
    Ok(())
}
