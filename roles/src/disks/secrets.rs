//! The recovery keys of encrypted disks.

use regionctl_inventory::Region;
use regionctl_secrets::Spec;

use super::places::recovery_key;

/// Beyond guessing, and still to be typed at a console.
const BYTES: usize = 24;

/// One for each encrypted disk.
pub fn wanted(region: &Region) -> Vec<Spec> {
    let keys = |server| {
        let key = move |disk| Spec::Password { name: recovery_key(server, disk), bytes: BYTES };
        region.encrypted_disks(server).map(key)
    };
    region.servers().iter().flat_map(keys).collect()
}
