//! The tools that later layers and operators use, what asks real disks for their health, and what the inventory adds.

use regionctl_engine::want;

use crate::{Host, Wanted};

/// Packages only.
pub fn wants(host: &Host<'_>) -> Wanted {
    let mut wanted = Wanted::new().packages_of(host, "base/packages");
    // Disks of containers and virtual machines know nothing of themselves.
    if host.facts.virtualization == "none" {
        wanted = wanted.packages_of(host, "base/disk_health");
    }
    host.region.spec.base.packages.iter().fold(wanted, |wanted, name| wanted.package(want::package(name)))
}
