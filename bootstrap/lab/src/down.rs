//! Takes a lab down, also one that is half up, that nobody wrote down, or that the machine's reboot ended.

use std::fs;
use std::time::Duration;

use regionctl_plan::Argv;

use crate::daemon::{self, machine_has_systemd};
use crate::lock::Lock;
use crate::names::{namespace, namespace_path};
use crate::network::{inside, interfaces, remove_namespace};
use crate::paths::{LabPaths, labs};
use crate::run::succeeds;
use crate::{LabError, cgroup, container, disks, image, mounts, requirements, wait};

/// Takes a lab down and removes all that it had but the cached images: hosts with their disks, namespaces, loop devices,
/// keys, folder. Ends by looking for what is left. A lab that is not up is fine.
///
/// It needs no record: everything that belongs to a lab is found by its name.
pub async fn down(lab: &str) -> Result<(), LabError> {
    requirements::root()?;
    let known = crate::spec::name_is_good(lab);
    if !known {
        return Err(LabError::NoSuchLab { lab: lab.to_owned(), known: crate::record::names() });
    }
    let lock = Lock::lab(lab).await?;
    end_processes(lab).await?;
    end_units(lab).await;
    let paths = LabPaths::new(lab);
    disks::detach_below(&paths.root).await?;
    remove_network(lab).await?;
    wait::until(format!("the cgroups of lab `{lab}` to empty"), Duration::from_secs(20), || async {
        cgroup::clear(&cgroup::of_lab(&namespace(lab)));
        Ok(cgroup::of_lab(&namespace(lab)).is_empty().then_some(()))
    })
    .await?;
    let left = left(lab);
    if !left.is_empty() {
        return Err(LabError::Left { lab: lab.to_owned(), left });
    }
    image::remove_tree(&paths.root)?;
    lock.remove()
}

async fn end_processes(lab: &str) -> Result<(), LabError> {
    let roots = container::roots(lab, &daemon::of_lab(lab));
    daemon::kill_all(&format!("lab `{lab}`"), || daemon::of_lab(lab)).await?;
    for root in roots {
        disks::detach_on(&root).await?;
    }
    Ok(())
}

async fn end_units(lab: &str) {
    if machine_has_systemd() {
        let stop = Argv::new("systemctl").arg("stop").arg(format!("{}.*", namespace(lab)));
        succeeds(&stop).await;
    }
}

async fn remove_network(lab: &str) -> Result<(), LabError> {
    let own = namespace(lab);
    if mounts::is_mount(&namespace_path(&own)) {
        // A command that still runs in there keeps the namespace: it must not keep the network.
        for name in interfaces(&own).await?.iter().filter(|name| *name != "lo") {
            succeeds(&inside(&own).args(["ip", "link", "delete", name])).await;
        }
    }
    for name in namespaces(lab) {
        remove_namespace(&name).await?;
    }
    Ok(())
}

/// The network namespaces of a lab and its hosts.
fn namespaces(lab: &str) -> Vec<String> {
    let own = namespace(lab);
    let Ok(entries) = fs::read_dir("/run/netns") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| *name == own || name.starts_with(&format!("{own}.")))
        .collect()
}

/// What is left of a lab outside of its folder.
fn left(lab: &str) -> Vec<String> {
    let folder = labs().join(lab);
    let processes = daemon::of_lab(lab).into_iter().map(|(p, line)| format!("process {} ({line})", p.pid()));
    let spaces = namespaces(lab).into_iter().map(|name| format!("network namespace {name}"));
    let points = mounts::points().into_iter().filter(|point| point.starts_with(&folder));
    let points = points.map(|point| format!("mount {}", point.display()));
    let loops = disks::loops().into_iter().filter(|l| l.backing.starts_with(&folder));
    let loops = loops.map(|l| format!("loop device {} on {}", l.device, l.backing.display()));
    let groups = cgroup::of_lab(&namespace(lab)).into_iter().map(|path| format!("cgroup {}", path.display()));
    processes.chain(spaces).chain(points).chain(loops).chain(groups).collect()
}
