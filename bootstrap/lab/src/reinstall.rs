//! A new system on a host, as by a provider's installer: its data disks keep what they have, and so do the keys of its sshd, by which
//! the lab's own connections know it.

use std::fs;
use std::io::ErrorKind;

use crate::lock::Lock;
use crate::paths::LabPaths;
use crate::power::{Force, off, on};
use crate::recipe::Recipe;
use crate::record::Record;
use crate::{LabError, host, image, keys, requirements};

/// Switches a host off as by a power loss, gives it a new system, and waits until that answers SSH.
///
/// # Errors
/// There is no such lab or host, or the new system does not start; the host is then off.
pub async fn reinstall(lab: &str, name: &str) -> Result<(), LabError> {
    requirements::root()?;
    let _lock = Lock::lab(lab).await?;
    let mut record = Record::require(lab)?;
    let each = record.spec.host(name)?.clone();
    off(&mut record, &each, Force::Hard).await?;
    let paths = LabPaths::new(lab);
    let own = paths.host(name);
    // The mark first: a host that is only half removed is prepared anew.
    let mark = own.prepared();
    match fs::remove_file(&mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(LabError::io("remove", &mark)(error)),
        _ => {}
    }
    for folder in [own.upper(), own.work()] {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(LabError::io("remove", &folder)(error)),
            _ => {}
        }
    }
    let image = image::ensure(&Recipe::new(each.debian, each.kind, &record.spec.extra_packages), &|_| ()).await?;
    let lab_key = keys::ensure_lab_key(lab, &paths).await?;
    host::prepare(&record, &each, &image, &lab_key).await?;
    on(&mut record, &each).await
}
