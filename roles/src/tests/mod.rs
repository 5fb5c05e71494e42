//! Cases of each role, and properties of all.

mod cases;
mod properties;
mod show;

use std::sync::Arc;

use regionctl_inventory::{Known, Region, parse};
use regionctl_plan::Facts;

/// A checked region from a document.
fn region(text: &str, file: &str) -> Arc<Region> {
    let releases = regionctl_images::names();
    let known = Known { releases: &releases };
    Arc::new(parse(text, file, &known).unwrap_or_else(|error| panic!("{error}")).region)
}

/// A host with this version of Debian, by itself or sharing its kernel.
fn facts(debian: u32, container: bool) -> Facts {
    let codename = if debian == 12 { "bookworm" } else { "trixie" };
    let virtualization = if container { "systemd-nspawn" } else { "none" };
    Facts { os_version: debian, codename: codename.into(), virtualization: virtualization.into(), ..Facts::assumed() }
}
