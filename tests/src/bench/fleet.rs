//! Observing and planning the base layer of 10, 100 and 200 hosts.

use std::collections::BTreeMap;

use regionctl_plan::Argv;

use crate::bench::client::{Done, Target, Task, Wanted};
use crate::bench::error::BenchError;
use crate::bench::fleet_network::{self, NAMESPACE, Network};
use crate::bench::process::{self, Given};
use crate::bench::summary::{Fleet, FleetSize, median};
use crate::bench::{files, fleet_region};

/// How many hosts.
pub const SIZES: [usize; 3] = [10, 100, 200];
/// How often each is measured; the median counts.
const RUNS: usize = 3;

/// Measures.
pub async fn measure() -> Result<Fleet, BenchError> {
    let most = SIZES.into_iter().max().unwrap_or_default();
    eprintln!("fleet: {most} sshd hosts in namespaces");
    let network = fleet_network::up(most).await?;
    // A run that does not count: everything that is read from disk is in memory for all the others.
    run(&network, most, true).await?;
    // The first contact of a folder with its hosts, and runs that know them: apart, because the first may need another round trip.
    let mut first: BTreeMap<usize, (f64, u64)> = BTreeMap::new();
    for hosts in SIZES {
        let (seconds, done) = run(&network, hosts, true).await?;
        eprintln!("fleet: {hosts} hosts, first contact, {seconds:.2} s, {:.0} MB", done.rss_mb);
        first.insert(hosts, (seconds, done.trips.observe));
    }
    let mut seen: BTreeMap<usize, Vec<(f64, Done)>> = BTreeMap::new();
    // Round by round, so that what else the machine does hits all sizes alike.
    for _ in 0..RUNS {
        for hosts in SIZES {
            let (seconds, done) = run(&network, hosts, false).await?;
            eprintln!("fleet: {hosts} hosts, {seconds:.2} s, {:.0} MB", done.rss_mb);
            seen.entry(hosts).or_default().push((seconds, done));
        }
    }
    let sizes = seen.into_iter().map(|(hosts, runs)| {
        let seconds = median(runs.iter().map(|(seconds, _)| *seconds));
        let rss_mb = runs.iter().map(|(_, done)| done.rss_mb).fold(0.0, f64::max);
        let trips = runs.iter().map(|(_, done)| done.trips.observe).max().unwrap_or_default();
        let resources = runs.first().map_or(0, |(_, done)| done.wanted / hosts);
        let (first_s, first_trips) = first.get(&hosts).copied().unwrap_or_default();
        FleetSize { hosts, seconds, rss_mb, resources, trips, first_s, first_trips }
    });
    Ok(Fleet { sizes: sizes.collect() })
}

/// `anew`: from a folder that has never seen these hosts.
async fn run(network: &Network, hosts: usize, anew: bool) -> Result<(f64, Done), BenchError> {
    let folder = files::output().join("fleet").join(hosts.to_string());
    if anew {
        files::remove(&folder)?;
    }
    let region = folder.join("region.yaml");
    files::write(&region, &fleet_region::document(hosts))?;
    let target = |host| Target { name: fleet_region::name(host), address: fleet_region::address(host).to_string() };
    let task = Task {
        wants: Wanted::Base(region),
        execute: false,
        hosts: (0..hosts).map(target).collect(),
        identity: network.identity.clone(),
        known_hosts: network.known_hosts.clone(),
        folder: folder.clone(),
    };
    let file = folder.join("task.json");
    files::write(&file, &serde_json::to_string(&task).map_err(BenchError::json("the task"))?)?;
    let this = std::env::current_exe().map_err(BenchError::io("find", "/proc/self/exe"))?;
    let enter = Argv::new("nsenter").arg(format!("--net=/run/netns/{NAMESPACE}"));
    let argv = enter.arg(this.display().to_string()).arg("client").arg(file.display().to_string());
    let ended = process::run_with(&argv, Given { hint: "see target/bench/fleet/sshd.log", ..Given::default() }).await?;
    let done = serde_json::from_str(&ended.stdout).map_err(BenchError::json("the client's answer"))?;
    Ok((ended.elapsed.as_secs_f64(), done))
}
