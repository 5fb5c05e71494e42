//! Network, VPN and disks on lab hosts, each part on a lab of its own: `make e2e SUITE=network`, or one with `PART=NAME`.
//! Parts: `layer` (packet filter, gateway, names), `managers` and `vlan` (the vrack), `vpn`, `replaced` (a disk
//! that failed), `full` (a damaged brick, copies that cannot be made, a full volume), `disks` (encryption).
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

mod disks;
mod full;
mod layer;
mod replaced;
mod vpn;
mod vrack;

use regionctl_tests::suite::Suite;

const CONNECTION: i32 = 4;
const HOST: i32 = 5;
const PENDING: i32 = 2;
const REFUSED: i32 = 9;

#[test]
fn network() {
    let mut suite = Suite::new("network").unwrap();
    // Packages take an emulated machine as long as all other parts together.
    let long = |suite: &mut Suite| suite.part("disks", disks::encrypted);
    suite.beside(long, |suite| {
        suite.part("layer", layer::all);
        suite.part("managers", vrack::managers);
        suite.part("vlan", vrack::vlan);
        suite.part("vpn", vpn::users);
        suite.part("replaced", replaced::disk);
        suite.part("full", full::all);
    });
    suite.end().unwrap();
}
