//! The same resources by three tools, each on three fresh hosts of one lab.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use regionctl_lab::{Debian, HostKind, Lab};
use regionctl_plan::Argv;

use crate::bench::client::{Done, Target, Task, Wanted};
use crate::bench::error::BenchError;
use crate::bench::process::{self, Given};
use crate::bench::resources::Resources;
use crate::bench::rivals::{self, Rival};
use crate::bench::summary::{Hosts, median};
use crate::bench::{files, verify};

const LAB: &str = "bench";
/// Hosts per tool.
const EACH: usize = 3;
/// How often a run without changes is measured; the median counts.
const RUNS: usize = 5;
const TOOLS: [&str; 3] = ["regionctl", "pyinfra", "ansible"];

/// Takes the lab down.
pub async fn clean() -> Result<(), BenchError> {
    files::remove(&folder())?;
    regionctl_lab::down(LAB).await?;
    rivals::clean()
}

/// Measures.
pub async fn measure() -> Result<Hosts, BenchError> {
    rivals::install().await?;
    let lab = up().await?;
    warm(&lab).await?;
    let enter = regionctl_lab::enter_command(LAB)?;
    let (identity, known_hosts) = (lab.identity_file(), lab.known_hosts_file());
    let own = Own::new(&lab, enter.clone())?;
    let pyinfra = rivals::pyinfra(&targets(&lab, TOOLS[1]), &identity, &known_hosts)?;
    let ansible = rivals::ansible(&targets(&lab, TOOLS[2]), &identity, &known_hosts)?;

    let (first_s, first) = own.run(true).await?;
    told("first apply", "regionctl", first_s);
    let first_pyinfra_s = rival(&pyinfra, &enter, true).await?;
    let first_ansible_s = rival(&ansible, &enter, true).await?;

    let (mut own_s, mut pyinfra_s, mut ansible_s, mut noop) = (Vec::new(), Vec::new(), Vec::new(), None);
    // Round by round, so that what else the machine does hits all three alike.
    for _ in 0..RUNS {
        let (seconds, done) = own.run(false).await?;
        told("no change", "regionctl", seconds);
        own_s.push((seconds, done.survey_ms));
        noop = Some(done);
        pyinfra_s.push(rival(&pyinfra, &enter, false).await?);
        ansible_s.push(rival(&ansible, &enter, false).await?);
    }
    verify::alike(&lab, &lab.spec().hosts.iter().map(|host| host.name.clone()).collect::<Vec<_>>()).await?;
    let (ansible_version, pyinfra_version) = rivals::versions()?;
    Ok(Hosts {
        noop: [median(own_s.iter().map(|(s, _)| *s)), median(ansible_s), median(pyinfra_s)],
        noop_survey_ms: median(own_s.iter().map(|(_, ms)| *ms)),
        noop_trips: noop.map(|done| done.trips).unwrap_or_default(),
        first: [first_s, first_ansible_s, first_pyinfra_s],
        first_trips: first.trips,
        versions: [ansible_version, pyinfra_version],
    })
}

fn told(what: &str, tool: &str, seconds: f64) {
    eprintln!("hosts: {what}, {tool}: {seconds:.2} s");
}

async fn rival(rival: &Rival, enter: &Argv, changes: bool) -> Result<f64, BenchError> {
    let seconds = rival.run(enter, changes).await?;
    told(if changes { "first apply" } else { "no change" }, rival.name, seconds);
    Ok(seconds)
}

fn folder() -> PathBuf {
    files::output().join("own")
}

async fn up() -> Result<Lab, BenchError> {
    let names: Vec<_> = TOOLS.iter().flat_map(|tool| (1..=EACH).map(move |number| format!("{tool}-{number}"))).collect();
    let hosts: Vec<_> = names.iter().map(|name| (name.as_str(), Debian::Trixie, HostKind::Container)).collect();
    let mut spec = regionctl_tests::place::hosts(LAB, &hosts);
    // For ansible's modules on the host; the others need nothing. All hosts have it, so that all are the same.
    spec.extra_packages = vec!["python3".into(), "python3-apt".into()];
    eprintln!("hosts: a lab of {} hosts", names.len());
    Ok(regionctl_lab::up(&spec, &|_| {}).await?)
}

fn targets(lab: &Lab, tool: &str) -> Vec<Target> {
    let own = lab.spec().hosts.iter().filter(|host| host.name.starts_with(tool));
    own.map(|host| Target { name: host.name.clone(), address: Ipv4Addr::to_string(&host.public_address) }).collect()
}

/// Package lists and packages are on every host before anything is measured: the network is not what is compared.
async fn warm(lab: &Lab) -> Result<(), BenchError> {
    let resources = Resources::read()?;
    let packages = resources.all().iter().filter(|r| r.id.kind == "package").map(|r| r.id.name.as_str());
    let script = format!(
        "systemctl is-system-running --wait >/dev/null; apt-get -qq update && apt-get -qq -y --no-install-recommends --download-only install {} </dev/null",
        packages.collect::<Vec<_>>().join(" ")
    );
    eprintln!("hosts: filling apt's caches");
    for host in &lab.spec().hosts {
        let given = Given { hint: "the lab's hosts must reach a Debian mirror", ..Given::default() };
        process::run_with(&lab.ssh_command(&host.name)?.arg(&script), given).await?;
    }
    Ok(())
}

/// Our own side.
struct Own {
    argv: Argv,
}

impl Own {
    fn new(lab: &Lab, enter: Argv) -> Result<Self, BenchError> {
        let task = Task {
            wants: Wanted::Resources,
            execute: true,
            hosts: targets(lab, TOOLS[0]),
            identity: lab.identity_file(),
            known_hosts: lab.known_hosts_file(),
            folder: folder(),
        };
        let file = folder().join("task.json");
        files::write(&file, &serde_json::to_string(&task).map_err(BenchError::json("the task"))?)?;
        let this = std::env::current_exe().map_err(BenchError::io("find", "/proc/self/exe"))?;
        Ok(Self { argv: enter.arg(this.display().to_string()).arg("client").arg(file.display().to_string()) })
    }

    async fn run(&self, changes: bool) -> Result<(f64, Done), BenchError> {
        let ended = process::run_with(&self.argv, Given::default()).await?;
        let done: Done = serde_json::from_str(&ended.stdout).map_err(BenchError::json("the client's answer"))?;
        if (done.changes > 0) == changes {
            return Ok((ended.elapsed.as_secs_f64(), done));
        }
        let what = if changes {
            "it changed nothing on fresh hosts".into()
        } else {
            format!("{} changes in a second run", done.changes)
        };
        Err(BenchError::NotDone { tool: "regionctl", what })
    }
}
