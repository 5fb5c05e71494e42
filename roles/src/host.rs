//! What a role is given: one host of a region, and what was observed of it.

use regionctl_images::Release;
use regionctl_inventory::{Region, Server};
use regionctl_plan::{Facts, SecretRef};

use crate::disks::replaced::Replaced;
use crate::secrets::Known;

/// One server of a region, as a role sees it.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    /// The region.
    pub region: &'a Region,
    /// Names and versions of what is installed.
    pub release: &'a Release,
    /// What is known of the region's secrets.
    pub secrets: &'a Known,
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
        SecretRef { name: name.to_owned(), version: self.secrets.versions.get(name).copied().unwrap_or(1) }
    }

    /// The thumbprint of a signing key of the region, as it is now.
    pub fn thumbprint(&self, name: &str) -> &'a str {
        self.secrets.thumbprints.get(name).map_or("not made yet", String::as_str)
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
