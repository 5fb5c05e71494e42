//! What a role is given: one host of a region, and what was observed of it.

use std::collections::BTreeMap;

use regionctl_images::Release;
use regionctl_inventory::{Region, Server};
use regionctl_plan::{Facts, SecretRef};

use crate::disks::replaced::Replaced;

/// One server of a region, as a role sees it.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    /// The region.
    pub region: &'a Region,
    /// Names and versions of what is installed.
    pub release: &'a Release,
    /// The versions of the region's secrets.
    pub secrets: &'a BTreeMap<String, u64>,
    /// The server.
    pub server: &'a Server,
    /// What was observed of it.
    pub facts: &'a Facts,
    /// The disk that this run replaces, here or on another server.
    pub replaced: Option<&'a Replaced>,
}

impl<'a> Host<'a> {
    /// The server's name.
    pub fn name(&self) -> &'a str {
        self.server.name.as_str()
    }

    /// A secret of the region, as it is now. Whoever wants a resource with it gives it to this server.
    pub fn secret(&self, name: &str) -> SecretRef {
        SecretRef { name: name.to_owned(), version: self.secrets.get(name).copied().unwrap_or(1) }
    }

    /// The other servers, in the order of the document.
    pub fn others(&self) -> impl Iterator<Item = &'a Server> {
        let own = self.name();
        self.region.servers().iter().filter(move |server| server.name != *own)
    }

    /// True if kernel settings and modules belong to the machine below.
    pub fn shares_kernel(&self) -> bool {
        self.facts.shares_kernel()
    }
}
