//! Brings a lab up.

use std::collections::BTreeMap;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::image::{self, Image};
use crate::lab::Lab;
use crate::lock::Lock;
use crate::paths::LabPaths;
use crate::progress::{OnProgress, tell};
use crate::recipe::Recipe;
use crate::record::{Record, boot_id, write_atomically};
use crate::spec::{LabHost, LabSpec};
use crate::{LabError, host, keys, network, requirements};

/// Brings a lab up, or what is missing of it: hosts that run are kept, hosts that do not are started, hosts that are
/// new to the inventory are added.
///
/// Ends when every host answers SSH. On an error, what was started stays for a look; `down` removes it.
pub async fn up(spec: &LabSpec, on_progress: OnProgress<'_>) -> Result<Lab, LabError> {
    spec.validate()?;
    requirements::check(spec)?;
    let _lock = Lock::lab(&spec.name).await?;
    let paths = LabPaths::new(&spec.name);
    let mut record = open(spec, &paths).await?;
    let images = images(spec, on_progress).await?;
    record.save(&paths)?;
    tell(on_progress, None, "network");
    network::up(&mut record, &paths).await?;
    let name_server = network::name_server(record.uplink_cidr);
    write_atomically(&paths.resolv_conf(), format!("nameserver {name_server}\n").as_bytes())?;
    let lab_key = keys::ensure_lab_key(&spec.name, &paths).await?;
    for each in &spec.hosts {
        host::prepare(&record, each, image_of(&images, spec, each)?, &lab_key).await?;
    }
    keys::write_known_hosts(spec, &paths)?;
    start_missing(&mut record, &paths, on_progress).await?;
    await_all(&record, on_progress).await?;
    Ok(Lab::new(record))
}

/// The record of the lab as it is wanted now.
async fn open(spec: &LabSpec, paths: &LabPaths) -> Result<Record, LabError> {
    image::create_dir(&paths.root)?;
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&paths.root, std::fs::Permissions::from_mode(0o700))
        .map_err(LabError::io("set the mode of", &paths.root))?;
    let machine = network::machine_addresses().await;
    let outside = machine.iter().copied().filter(|a| spec.public.cidr.contains(*a)).collect();
    collisions(spec, &outside)?;
    match Record::load(paths)? {
        Some(mut record) => {
            compare(&record.spec, spec)?;
            record.spec = spec.clone();
            record.outside = outside;
            Ok(record)
        }
        None => Ok(Record {
            spec: spec.clone(),
            boot: boot_id(),
            uplink_cidr: network::pick_uplink(spec, &machine)?,
            uplink: None,
            outside,
            hosts: BTreeMap::new(),
            cuts: Default::default(),
        }),
    }
}

/// An address that this machine needs for itself cannot be a host's as well.
fn collisions(spec: &LabSpec, outside: &std::collections::BTreeSet<std::net::Ipv4Addr>) -> Result<(), LabError> {
    let taken = spec.hosts.iter().map(|h| (h.name.as_str(), h.public_address));
    let problems: Vec<_> = taken
        .chain([("gateway", spec.public.gateway)])
        .filter(|(_, address)| outside.contains(address))
        .map(|(name, address)| {
            format!("{address} of `{name}` is the address of this machine's package mirror or name server; give another")
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(LabError::Spec { lab: spec.name.clone(), problems }) }
}

/// Hosts may be added to a lab that is up; what is there already must be what is wanted.
fn compare(old: &LabSpec, new: &LabSpec) -> Result<(), LabError> {
    let changed = |what: String| Err(LabError::Changed { lab: new.name.clone(), what });
    if old.public != new.public || old.vrack != new.vrack {
        return changed("its networks differ".to_owned());
    }
    if old.extra_packages != new.extra_packages {
        return changed("its extra packages differ".to_owned());
    }
    for host in &old.hosts {
        match new.hosts.iter().find(|h| h.name == host.name) {
            None => return changed(format!("host `{}` is up and no longer wanted", host.name)),
            Some(wanted) if wanted != host => return changed(format!("host `{}` differs", host.name)),
            Some(_) => {}
        }
    }
    Ok(())
}

async fn images(spec: &LabSpec, on_progress: OnProgress<'_>) -> Result<BTreeMap<std::path::PathBuf, Image>, LabError> {
    let mut images = BTreeMap::new();
    for recipe in image::recipes(spec) {
        images.insert(recipe.folder(), image::ensure(&recipe, on_progress).await?);
    }
    Ok(images)
}

fn image_of<'a>(images: &'a BTreeMap<std::path::PathBuf, Image>, spec: &LabSpec, host: &LabHost) -> Result<&'a Image, LabError> {
    let folder = Recipe::new(host.debian, host.kind, &spec.extra_packages).folder();
    let missing = || LabError::io("open", &folder)(std::io::ErrorKind::NotFound.into());
    images.get(&folder).ok_or_else(missing)
}

async fn start_missing(record: &mut Record, paths: &LabPaths, on_progress: OnProgress<'_>) -> Result<(), LabError> {
    for each in record.spec.hosts.clone() {
        if record.running(&each.name).is_some() {
            continue;
        }
        tell(on_progress, Some(&each.name), "starting");
        let process = host::start(record, &each).await?;
        record.hosts.insert(each.name.clone(), process);
        record.save(paths)?;
    }
    Ok(())
}

async fn await_all(record: &Record, on_progress: OnProgress<'_>) -> Result<(), LabError> {
    let begun = Instant::now();
    let mut waiting = JoinSet::new();
    for each in &record.spec.hosts {
        let Some(process) = record.running(&each.name).or_else(|| record.hosts.get(&each.name).copied()) else {
            continue;
        };
        let (record, each) = (record.clone(), each.clone());
        waiting.spawn(async move {
            let result = host::await_ssh(&record, &each, process).await;
            (each.name, result)
        });
    }
    let mut first_error = Ok(());
    while let Some(ended) = waiting.join_next().await {
        let Ok((name, result)) = ended else { continue };
        match result {
            Ok(()) => tell(on_progress, Some(&name), format!("answers after {:.1} s", begun.elapsed().as_secs_f32())),
            Err(error) => {
                tell(on_progress, Some(&name), "does not answer");
                first_error = first_error.and(Err(error));
            }
        }
    }
    first_error
}
