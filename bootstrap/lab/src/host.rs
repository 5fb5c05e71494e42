//! What both kinds of hosts have in common.

use std::net::SocketAddr;
use std::time::Duration;

use regionctl_plan::Argv;

use crate::daemon::Process;
use crate::image::{self, Image};
use crate::paths::{HostPaths, LabPaths};
use crate::probe::ssh_answers;
use crate::recipe::Recipe;
use crate::record::Record;
use crate::run::last_lines;
use crate::spec::{HostKind, LabHost};
use crate::{LabError, account, container, identity, keys, vm, wait};

/// A container answers in 2 s, but 2 cores may have much else to do.
const CONTAINER_BOOT: Duration = Duration::from_secs(90);

/// A machine without KVM answers in 45 s alone.
const VM_BOOT: Duration = Duration::from_secs(600);

/// Prepares a host's folder, once.
pub(crate) async fn prepare(record: &Record, host: &LabHost, image: &Image, lab_key: &str) -> Result<(), LabError> {
    let paths = LabPaths::new(&record.spec.name).host(&host.name);
    let done = paths.prepared();
    if done.exists() {
        return Ok(());
    }
    keys::ensure_host_keys(&host.name, &paths.identity()).await?;
    let authorized: Vec<_> = std::iter::once(lab_key.to_owned()).chain(record.spec.authorized_keys.iter().cloned()).collect();
    let root = paths.upper();
    image::create_dir(&root)?;
    identity::write_identity(&record.spec, host, &paths, record.uplink_cidr, &authorized, &root)?;
    if host.kind == HostKind::Vm {
        vm::make_system_disk(host, &paths, image).await?;
    }
    image::write(&done, b"")
}

/// Starts a host; does not wait for it.
pub(crate) async fn start(record: &Record, host: &LabHost) -> Result<Process, LabError> {
    let recipe = Recipe::new(host.debian, host.kind, &record.spec.extra_packages);
    let image = image::ensure(&recipe, &|_| ()).await?;
    match host.kind {
        HostKind::Container => container::start(record, host, &image).await,
        HostKind::Vm => vm::start(record, host, &image).await,
    }
}

/// Waits until the host's SSH server answers on its public address.
///
/// A host whose public cable is cut is only awaited until its process runs.
pub(crate) async fn await_ssh(record: &Record, host: &LabHost, process: Process) -> Result<(), LabError> {
    let timeout = if host.kind == HostKind::Vm { VM_BOOT } else { CONTAINER_BOOT };
    let paths = LabPaths::new(&record.spec.name).host(&host.name);
    if is_cut_off(record, host) {
        return Ok(());
    }
    let address = SocketAddr::from((host.public_address, host.ssh_port));
    wait_for_greeting(record, host, process, &paths, address, timeout).await?;
    account::ensure(record, host).await
}

async fn wait_for_greeting(
    record: &Record,
    host: &LabHost,
    process: Process,
    paths: &HostPaths,
    address: SocketAddr,
    timeout: Duration,
) -> Result<(), LabError> {
    let what = format!("host `{}` to answer SSH on {address}", host.name);
    let waited = wait::until(what, timeout, || async {
        if !process.is_alive() {
            let detail = console_tail(paths);
            return Err(LabError::HostEnded { host: host.name.clone(), detail, console: paths.console() });
        }
        Ok(ssh_answers(&record.spec.name, address).await.then_some(()))
    });
    waited.await.map_err(|error| match error {
        LabError::Timeout { what, seconds, .. } => LabError::Timeout { what, seconds, detail: console_tail(paths) },
        other => other,
    })
}

fn is_cut_off(record: &Record, host: &LabHost) -> bool {
    let target = crate::cut::CutTarget::Network(crate::spec::Network::Public);
    record.cuts.contains(&crate::cut::Cut { host: host.name.clone(), target })
}

fn console_tail(paths: &HostPaths) -> String {
    last_lines(&String::from_utf8_lossy(&std::fs::read(paths.console()).unwrap_or_default()), 15)
}

/// The `ssh` command line to a host as root, to be run inside the lab.
pub(crate) fn ssh(paths: &LabPaths, host: &LabHost) -> Argv {
    Argv::new("ssh")
        .arg("-i")
        .arg(paths.key().display().to_string())
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", paths.known_hosts().display()))
        .args(["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-F", "none"])
        .arg("-p")
        .arg(host.ssh_port.to_string())
        .arg(format!("root@{}", host.public_address))
}
