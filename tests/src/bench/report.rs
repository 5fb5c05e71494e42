//! The table, the file, and the judgement.

use std::io::Write as _;

use crate::bench::client::Trips;
use crate::bench::error::BenchError;
use crate::bench::files;
use crate::bench::summary::{Fleet, Hosts, Large, Summary};

/// How many times faster than ansible-core a run without changes must be.
const ANSIBLE: f64 = 40.0;
/// The same for pyinfra.
const PYINFRA: f64 = 8.0;
/// Seconds for 100 hosts.
const FLEET_S: f64 = 10.0;
/// MiB for 100 hosts.
const FLEET_MB: f64 = 150.0;
/// Seconds to say that 5,000 servers are right.
const VALIDATE_S: f64 = 0.5;
/// A host among 200 may cost this much more than one among 10: what the machine's other work makes of two equal numbers.
const FLAT: f64 = 1.2;

/// Prints the table, writes `target/bench/summary.json`, and fails if a number is not what it must be.
pub fn finish(summary: &Summary) -> Result<(), BenchError> {
    let file = files::output().join("summary.json");
    let json = serde_json::to_string_pretty(&summary.json()).map_err(BenchError::json("the summary"))?;
    files::write(&file, &(json + "\n"))?;
    let mut missed = Vec::new();
    let mut table = String::new();
    if let Some(hosts) = &summary.hosts {
        table += &hosts_table(hosts, &mut missed);
    }
    if let Some(fleet) = &summary.fleet {
        table += &fleet_table(fleet, &mut missed);
    }
    if !summary.large.is_empty() {
        table += &large_table(&summary.large, &mut missed);
    }
    write!(std::io::stdout(), "{table}").map_err(BenchError::io("write", "standard output"))?;
    if missed.is_empty() { Ok(()) } else { Err(BenchError::Missed(missed)) }
}

fn hosts_table(hosts: &Hosts, missed: &mut Vec<String>) -> String {
    let [ansible, pyinfra] = &hosts.versions;
    let mut text = format!("32 resources on each of 3 hosts; ansible-core {ansible}, pyinfra {pyinfra}\n\n");
    text += &format!("{:<14}{:>12}{:>12}{:>12}{:>14}{:>12}\n", "", "regionctl", "ansible", "pyinfra", "vs ansible", "vs pyinfra");
    for (what, [own, ansible, pyinfra]) in [("no change", hosts.noop), ("first apply", hosts.first)] {
        let seconds = [own, ansible, pyinfra].map(|s| format!("{s:.2} s"));
        let ratios = [ansible / own, pyinfra / own].map(|ratio| format!("{ratio:.1} x"));
        text += &format!("{what:<14}{:>12}{:>12}{:>12}{:>14}{:>12}\n", seconds[0], seconds[1], seconds[2], ratios[0], ratios[1]);
    }
    text += &format!("\nof the run without changes, connecting and observing: {:.0} ms\n", hosts.noop_survey_ms);
    text += &format!("round trips per host, no change:   {}\n", trips(&hosts.noop_trips));
    text += &format!("round trips per host, first apply: {}\n\n", trips(&hosts.first_trips));
    let [own, ansible, pyinfra] = hosts.noop;
    must(missed, ansible / own >= ANSIBLE, || format!("noop.ratio_ansible is {:.1}, not {ANSIBLE}", ansible / own));
    must(missed, pyinfra / own >= PYINFRA, || format!("noop.ratio_pyinfra is {:.1}, not {PYINFRA}", pyinfra / own));
    let [own, _, pyinfra] = hosts.first;
    must(missed, own <= pyinfra, || format!("first.regionctl_s is {own:.2}, pyinfra took {pyinfra:.2}"));
    for trips in [&hosts.noop_trips, &hosts.first_trips] {
        must(missed, trips.observe == 1, || format!("{} round trips to observe", trips.observe));
        let most = trips.apply.values().copied().max().unwrap_or_default();
        must(missed, most <= 1, || format!("{most} round trips to apply a stage that waits for no other host"));
    }
    text
}

fn trips(trips: &Trips) -> String {
    let mut text = format!("{} to observe", trips.observe);
    for (stage, count) in &trips.apply {
        text += &format!(", {count} to apply stage `{stage}`");
    }
    if trips.around > 0 {
        text += &format!(", {} for lease, second look, generation, and the lease back", trips.around);
    }
    text
}

fn fleet_table(fleet: &Fleet, missed: &mut Vec<String>) -> String {
    let mut text = "observe and plan the base layer of sshd hosts in namespaces on this machine\n\n".to_owned();
    text +=
        &format!("{:<8}{:>10}{:>14}{:>12}{:>18}{:>14}\n", "hosts", "time", "per host", "memory", "resources each", "round trips");
    let mut first = String::new();
    for size in &fleet.sizes {
        let (time, each) = (format!("{:.2} s", size.seconds), format!("{:.1} ms", size.per_host_ms()));
        let memory = format!("{:.0} MB", size.rss_mb);
        text += &format!("{:<8}{time:>10}{each:>14}{memory:>12}{:>18}{:>14}\n", size.hosts, size.resources, size.trips);
        let guessed = if size.first_trips == 1 { "" } else { ": the guess about the hosts was wrong" };
        first += &format!(
            "first contact with {} hosts: {:.2} s, {} round trips each{guessed}\n",
            size.hosts, size.first_s, size.first_trips
        );
        must(missed, size.trips == 1, || format!("{} round trips to observe {} hosts", size.trips, size.hosts));
    }
    if let Some(hundred) = fleet.of(100) {
        must(missed, hundred.seconds < FLEET_S, || format!("fleet.hosts100_s is {:.2}, not under {FLEET_S}", hundred.seconds));
        must(missed, hundred.first_s < FLEET_S, || {
            format!("fleet.first_contact_100_s is {:.2}, not under {FLEET_S}", hundred.first_s)
        });
        must(missed, hundred.rss_mb < FLEET_MB, || {
            format!("fleet.hosts100_rss_mb is {:.0}, not under {FLEET_MB}", hundred.rss_mb)
        });
    }
    if let (Some(few), Some(many)) = (fleet.of(10), fleet.of(200)) {
        let (few, many) = (few.per_host_ms(), many.per_host_ms());
        must(missed, many <= few * FLAT, || format!("a host costs {many:.1} ms among 200 and {few:.1} ms among 10"));
    }
    text + "\n" + &first
}

fn large_table(sizes: &[Large], missed: &mut Vec<String>) -> String {
    let mut text = "\nvalidate of large inventories\n\n".to_owned();
    for size in sizes {
        text += &format!("{:<14}{:>12}\n", format!("{} servers", size.servers), format!("{:.2} s", size.seconds));
        must(missed, size.seconds < VALIDATE_S, || {
            format!("large.validate_{}_s is {:.2}, not under {VALIDATE_S}", size.servers, size.seconds)
        });
    }
    text
}

fn must(missed: &mut Vec<String>, holds: bool, what: impl FnOnce() -> String) {
    if !holds {
        missed.push(what());
    }
}
