//! Plan files: written whole or not at all, and believed only if nobody edited them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use regionctl_plan::{PLAN_FORMAT, Plan};
use serde::Deserialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;

/// Writes a plan, readable by its owner only: it shows what the hosts hold.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, plan: &Plan) -> Result<(), Failure> {
    let mut json = serde_json::to_vec_pretty(plan).map_err(|error| Failure::from_error(Exit::Local, &error))?;
    json.push(b'\n');
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let write = || {
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(new)?;
        file.write_all(&json)?;
        file.sync_all()?;
        fs::rename(new, path)
    };
    write().map_err(|error| Failure::file("write", path, &error))
}

/// Reads a plan that was made for this region as its inventory is now.
///
/// # Errors
/// It is no plan, was edited, or belongs to another region, inventory or version.
pub fn read(path: &Path, region: &Region) -> Result<Plan, Failure> {
    /// What tells a plan's version.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let again = "`regionctl plan --out FILE` makes a new one";
    let refused = |why: &str| Err(Failure::new(Exit::Refused, format!("`{}` {why}", path.display())).hint(again));
    let bytes = fs::read(path).map_err(|error| Failure::file("read", path, &error).hint(again))?;
    match serde_json::from_slice::<Format>(&bytes) {
        Ok(Format { format }) if format != PLAN_FORMAT => {
            return refused(&format!("is a plan of format {format}, this version executes format {PLAN_FORMAT}"));
        }
        Ok(_) => {}
        Err(_) => return refused("is not a plan"),
    }
    let Ok(plan) = serde_json::from_slice::<Plan>(&bytes) else { return refused("is not a plan, or a damaged one") };
    if !plan.is_genuine() {
        return refused("was changed after it was made");
    }
    if plan.region != region.name() {
        return refused(&format!("is a plan for region `{}`, the inventory is of `{}`", plan.region, region.name()));
    }
    if plan.inventory != region.inventory.digest {
        return refused("was made from another inventory than the one there is now");
    }
    Ok(plan)
}
