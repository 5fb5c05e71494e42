//! Servers as providers rent them, and changes of a region that is there already: `make e2e SUITE=day2`, or one part with `PART=NAME`.
//! Parts: `checks` (preflight's, each failing on a real host), `plans` (what forbids a plan before anything changes),
//! `servers` (those that leave the inventory), `reinstalled` (those with a new system).
#![allow(clippy::unwrap_used)]

mod checks;
mod plans;
mod reinstalled;
mod servers;

use regionctl_tests::suite::Suite;

const HOST: i32 = 5;
const REFUSED: i32 = 9;

#[test]
fn day2() {
    let mut suite = Suite::new("day2").unwrap();
    suite.part("checks", checks::all);
    suite.part("plans", plans::all);
    suite.part("servers", servers::leave);
    suite.part("reinstalled", reinstalled::servers);
    suite.end().unwrap();
}

/// A region of these servers, which have their vrack addresses already.
fn document(name: &str, servers: &[&str]) -> String {
    let server = |(number, name): (usize, &&str)| {
        let last = 11 + number;
        format!("    - {{name: {name}, roles: [compute], address: 203.0.113.{last}, vrack: {{address: 10.90.0.{last}}}}}\n")
    };
    let servers: String = servers.iter().enumerate().map(server).collect();
    format!(
        "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {{name: {name}}}\nspec:\n  release: \"2026.11\"\n  \
         network:\n    public: {{cidr: 203.0.113.0/24}}\n    vrack: {{cidr: 10.90.0.0/24}}\n    \
         ranges: {{servers: 10.90.0.10-10.90.0.59}}\n  lab: {{kind: container}}\n  servers:\n{servers}"
    )
}
