//! Encrypted disks are opened at boot, by any one of the other servers, or by as many as the inventory says.

use regionctl_engine::want::{self, Want as _};
use regionctl_inventory::Disk;
use regionctl_plan::{Id, Resource};
use regionctl_secrets::sign;

use super::places::{TANG, encrypted, mapper, openers, recovery_key, tang_keys, tang_url};
use crate::{Host, Wanted};

const ASKED: &str = "clevis-luks-askpass.path";

/// Disks that wait for the network, so that a server without them still boots and answers SSH. One that shows up late, after
/// systemd's 90 s, is opened all the same.
const OPTIONS: &str = "luks,_netdev,nofail,x-systemd.device-timeout=infinity";

/// A binding needs every one of the servers that can open the disk, so it waits for all of them; opening needs as many as the inventory
/// says.
pub fn wants(host: &Host<'_>) -> Wanted {
    let disks = encrypted(host);
    if disks.is_empty() || host.others().next().is_none() {
        return Wanted::new();
    }
    let opened =
        |disk: &&Disk| want::line("/etc/crypttab", &format!("{} ", mapper(disk)), &format!("{} none {OPTIONS}", disk.device));
    let mut wanted = Wanted::new().packages_of(host, "disks/unlock");
    if host.facts.os_version >= 13 {
        wanted = wanted.packages_of(host, "disks/crypttab");
    }
    wanted
        .then_all(disks.iter().map(|disk| binding(host, disk)))
        .then_all(disks.iter().map(opened))
        .then(want::unit("remote-cryptsetup.target").enabled())
        .then(want::unit(ASKED).enabled().active())
}

fn binding(host: &Host<'_>, disk: &Disk) -> Resource {
    let openers = openers(host.region, host.server);
    let urls: Vec<_> = openers.iter().map(|server| tang_url(server)).collect();
    let thumbprints = openers.iter().map(|server| host.thumbprint(&sign(&tang_keys(server))));
    let asked: Vec<_> = urls.iter().zip(thumbprints).map(|(url, thumbprint)| want::Tang { url, thumbprint }).collect();
    let threshold = host.region.spec.encryption.threshold;
    let key = host.secret(&recovery_key(host.server, disk));
    let binding = want::luks_binding(disk.device.as_str(), threshold, &asked, &key.to_string()).speaks_of(&key);
    openers.into_iter().fold(binding, |binding, server| binding.wait(server.name.as_str(), Id::new("unit", TANG)))
}
