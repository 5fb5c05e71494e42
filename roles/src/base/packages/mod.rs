//! The tools that later layers and operators use, and what the inventory adds.

use regionctl_engine::want;

use crate::{Host, Wanted};

/// Packages only.
pub fn wants(host: &Host<'_>) -> Wanted {
    let wanted = Wanted::new().packages_of(host, "base/packages");
    host.region.spec.base.packages.iter().fold(wanted, |wanted, name| wanted.package(want::package(name)))
}
