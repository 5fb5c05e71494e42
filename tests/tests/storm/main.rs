//! Storms over a lab region with all layers, and a sweep over a small one: `make e2e SUITE=storm [SEED=n] [ROUNDS=n]`.
//! Parts: `rounds`, `sweep`.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use regionctl_tests::region::{Failed, LabRegion};
use regionctl_tests::storm::{Ground, Moments, Number, rounds, small, sweep};
use regionctl_tests::suite::Suite;

const LAB: &str = "storm";
/// It has no data disks.
const OWN_ROOT: &str = "compute-2";
const USUAL: Number = Number { seed: 1, rounds: 12, slow: true };

#[test]
fn storm() {
    let mut suite = Suite::new("storm").unwrap();
    suite.part("rounds", all);
    suite.part("sweep", |suite| {
        let [fresh, prepared] = [900, 1800].map(|seconds| Moments::Within(Duration::from_secs(seconds)));
        sweep(suite, &mut small("sweep")?, fresh, prepared);
        Ok(())
    });
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
