//! A server that lies, a folder that somebody sent, an edited plan; results in `target/e2e/hostile.json`. No lab is needed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use regionctl_tests::hostile::cases;
use regionctl_tests::suite::Suite;

#[test]
fn hostile() {
    let mut suite = Suite::new("hostile").unwrap();
    cases(&mut suite);
    suite.end().unwrap();
}
