//! Generic properties of every kind, on real hosts: Debian 12 and 13 containers, and a machine with its own kernel.
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

use std::collections::BTreeSet;

use futures::future::join_all;
use regionctl_engine::Kinds;
use regionctl_engine::samples::{Needs, Sample, samples};
use regionctl_lab::{Debian, HostKind};
use regionctl_ssh::Pool;
use regionctl_tests::guards::try_guards;
use regionctl_tests::place::{self, Place};
use regionctl_tests::properties::{Bench, Moment};
use regionctl_tests::wish::Access;

const WISHER: &str = env!("CARGO_BIN_EXE_wisher");

#[test]
fn every_kind_has_a_sample() {
    let sampled: BTreeSet<_> = samples().iter().map(|sample| sample.wanted.id.kind.clone()).collect();
    let kinds = Kinds::host();
    let missing: Vec<_> = kinds.iter().map(|kind| kind.name()).filter(|name| !sampled.contains(*name)).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}

/// What the samples need that a fresh server does not have.
const PREPARE: &str = r#"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install xfsprogs attr glusterfs-server glusterfs-client >/dev/null
systemctl start glusterd
apt-get -qq -y -d install ed >/dev/null
"#;

fn bench<'a>(access: &'a Access, host: &'a str) -> Bench<'a> {
    Bench { access, host, wisher: WISHER }
}

/// Containers share the machine's loop devices, so labels of one are seen by the other.
static DISKS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The samples that are tried; `SAMPLE=words` in the environment limits them to names with these words.
fn chosen() -> Vec<Sample> {
    let words = std::env::var("SAMPLE").unwrap_or_default();
    samples().into_iter().filter(|sample| sample.name.contains(&words)).collect()
}

/// Tries samples; gives all that fail, with their reasons.
async fn try_samples(bench: &Bench<'_>, samples: impl IntoIterator<Item = Sample>) -> Vec<String> {
    let mut broken = Vec::new();
    for sample in &samples.into_iter().collect::<Vec<_>>() {
        let _alone = match sample.needs {
            Needs::Disks => Some(DISKS.lock().await),
            _ => None,
        };
        let started = std::time::Instant::now();
        match bench.properties(sample).await {
            Ok(()) => eprintln!("{} {}: holds ({:.1} s)", bench.host, sample.name, started.elapsed().as_secs_f64()),
            Err(error) => broken.push(format!("{} {}: {error}", bench.host, sample.name)),
        }
    }
    broken
}

/// Each Debian has two, which share the samples: one waits most of the time.
const HOSTS: [(&str, Debian); 5] = [
    ("thirteen", Debian::Trixie),
    ("thirteen-too", Debian::Trixie),
    ("twelve", Debian::Bookworm),
    ("twelve-too", Debian::Bookworm),
    // Gluster 11 does not take 10 into its pool.
    (PEER, Debian::Trixie),
];
const PEER: &str = "peer";

#[tokio::main]
async fn on_containers() -> Vec<String> {
    let folders = HOSTS.map(|(name, _)| tempfile::Builder::new().prefix(name).tempdir().unwrap());
    let access = |((name, _), folder): (&(&str, Debian), &tempfile::TempDir)| {
        let mut access = place::access("kinds", folder.path().to_owned()).unwrap();
        // A connection takes as much of the processor as a change. Processes that are killed make their own.
        access.connections = Some(Pool::default());
        access.hosts.retain(|host, _| host == name);
        access
    };
    let accesses: Vec<_> = HOSTS.iter().zip(&folders).map(access).collect();
    let benches: Vec<_> = accesses.iter().zip(HOSTS).map(|(access, (name, _))| bench(access, name)).collect();
    let prepared = join_all(benches.iter().map(|bench| bench.by_hand(PREPARE))).await;
    prepared.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    let here = |sample: &Sample| !matches!(sample.needs, Needs::Kernel | Needs::Storage | Needs::Peer);
    let (thirteen, peer) = (&benches[0], &benches[4]);
    let share = |n: usize| try_samples(&benches[n], chosen().into_iter().filter(here).skip(n % 2).step_by(2));
    let tried = tokio::join!(join_all((0..4).map(share)), try_kills(peer, here));
    let mut broken = [tried.0.concat(), tried.1].concat();
    broken.extend(try_guards(thirteen).await.unwrap());
    let address = &accesses[4].hosts[PEER];
    let name_peer = format!("grep -q peer.sample /etc/hosts || echo '{address} peer.sample' >>/etc/hosts");
    thirteen.by_hand(&name_peer).await.unwrap();
    let needs_peer = |sample: &Sample| sample.needs == Needs::Peer;
    broken.extend(try_samples(thirteen, chosen().into_iter().filter(needs_peer)).await);
    broken.extend(try_kills(thirteen, needs_peer).await);
    broken
}

/// SIGKILL before, during and after a change of every kind.
async fn try_kills(bench: &Bench<'_>, fits: impl Fn(&Sample) -> bool) -> Vec<String> {
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for sample in chosen().iter().filter(|sample| fits(sample)) {
        if !seen.insert(sample.wanted.id.kind.clone()) {
            continue;
        }
        let _alone = match sample.needs {
            Needs::Disks => Some(DISKS.lock().await),
            _ => None,
        };
        let started = std::time::Instant::now();
        let undisturbed = match bench.undisturbed(sample).await {
            Ok(state) => state,
            Err(error) => {
                broken.push(format!("{} undisturbed: {error}", sample.name));
                continue;
            }
        };
        for moment in [Moment::Before, Moment::During, Moment::After] {
            if let Err(error) = bench.survives(sample, moment, &undisturbed).await {
                broken.push(format!("{}: {error}", sample.name));
            }
        }
        eprintln!("{}: survives ({:.1} s)", sample.name, started.elapsed().as_secs_f64());
    }
    broken
}

/// An emulated machine wants the cores for itself.
static ONE_LAB: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn kinds_on_containers() {
    let _alone = ONE_LAB.lock();
    let spec = place::hosts("kinds", &HOSTS.map(|(name, debian)| (name, debian, HostKind::Container)));
    if Place::enter(&spec, "kinds_on_containers").unwrap().is_none() {
        let broken = on_containers();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}

#[tokio::main]
async fn on_a_machine() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let access = place::access("kernel", folder.path().to_owned()).unwrap();
    try_samples(&bench(&access, "machine"), chosen().into_iter().filter(|sample| sample.needs == Needs::Kernel)).await
}

#[test]
fn kinds_that_need_a_kernel() {
    let _alone = ONE_LAB.lock();
    let spec = place::hosts("kernel", &[("machine", Debian::Trixie, HostKind::Vm)]);
    if Place::enter(&spec, "kinds_that_need_a_kernel").unwrap().is_none() {
        let broken = on_a_machine();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}

/// Disks on an emulated machine take minutes each: `make e2e SUITE=kinds`.
#[cfg(feature = "e2e")]
mod storage {
    use regionctl_tests::guards::try_kernel_guards;

    use super::*;

    /// What the disks layer brings.
    const PACKAGES: [&str; 7] =
        ["clevis", "clevis-luks", "cryptsetup-bin", "lvm2", "tang", "thin-provisioning-tools", "xfsprogs"];

    #[tokio::main]
    async fn on_a_machine() -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let access = place::access("storage", folder.path().to_owned()).unwrap();
        let machine = bench(&access, "machine");
        let mut broken = try_kernel_guards(&machine).await.unwrap();
        broken.extend(try_samples(&machine, chosen().into_iter().filter(|sample| sample.needs == Needs::Storage)).await);
        broken
    }

    #[test]
    fn kinds_of_storage() {
        let _alone = ONE_LAB.lock();
        let mut spec = place::hosts("storage", &[("machine", Debian::Trixie, HostKind::Vm)]);
        spec.extra_packages = PACKAGES.map(str::to_owned).into();
        if Place::enter(&spec, "storage::kinds_of_storage").unwrap().is_none() {
            let broken = on_a_machine();
            assert!(broken.is_empty(), "{}", broken.join("\n"));
        }
    }
}
