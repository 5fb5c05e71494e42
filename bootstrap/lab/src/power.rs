//! The power button of a host.

use std::time::Duration;

use crate::daemon::{self, Process};
use crate::lock::Lock;
use crate::paths::LabPaths;
use crate::record::Record;
use crate::spec::{HostKind, LabHost};
use crate::{LabError, container, disks, host, requirements, vm};

/// What to do with a host's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// On, and wait until the host answers SSH. A host that runs is left alone.
    On,
    /// Off.
    Off(Force),
    /// Off and on again.
    Cycle(Force),
}

/// How a host is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Force {
    /// By its own shutdown.
    #[default]
    Soft,
    /// As by a power loss.
    Hard,
}

/// Switches a host on or off. Its disks and its system keep what they have.
pub async fn power(lab: &str, name: &str, power: Power) -> Result<(), LabError> {
    requirements::root()?;
    let _lock = Lock::lab(lab).await?;
    let mut record = Record::require(lab)?;
    let host = record.spec.host(name)?.clone();
    match power {
        Power::On => on(&mut record, &host).await,
        Power::Off(force) => off(&mut record, &host, force).await,
        Power::Cycle(force) => {
            off(&mut record, &host, force).await?;
            on(&mut record, &host).await
        }
    }
}

pub(crate) async fn on(record: &mut Record, host: &LabHost) -> Result<(), LabError> {
    let process = match record.running(&host.name) {
        Some(process) => process,
        None => {
            let process = host::start(record, host).await?;
            record.hosts.insert(host.name.clone(), process);
            record.save(&LabPaths::new(&record.spec.name))?;
            process
        }
    };
    host::await_ssh(record, host, process).await
}

pub(crate) async fn off(record: &mut Record, host: &LabHost, force: Force) -> Result<(), LabError> {
    let roots = container::roots(&record.spec.name, &daemon::of_host(&record.spec.name, &host.name));
    if let Some(process) = record.running(&host.name) {
        stop(record, host, process, force).await?;
    }
    if host.kind == HostKind::Container {
        container::end(&record.spec.name, &host.name).await?;
    }
    for root in roots {
        disks::detach_on(&root).await?;
    }
    record.hosts.remove(&host.name);
    record.save(&LabPaths::new(&record.spec.name))
}

async fn stop(record: &Record, host: &LabHost, process: Process, force: Force) -> Result<(), LabError> {
    match (host.kind, force) {
        (HostKind::Container, Force::Soft) => container::power_off(&host.name, process).await,
        (HostKind::Container, Force::Hard) => container::power_loss(&host.name, process).await,
        (HostKind::Vm, Force::Soft) => vm::power_off(record, host, process).await,
        (HostKind::Vm, Force::Hard) => {
            process.kill(&format!("host `{}`", host.name)).await?;
            vm::unplugged(record, host, Duration::from_secs(10)).await
        }
    }
}
