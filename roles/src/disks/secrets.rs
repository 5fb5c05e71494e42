//! The recovery keys of encrypted disks, and the keys of the servers that open them.

use regionctl_inventory::Region;
use regionctl_secrets::Spec;

use super::places::{is_asked, recovery_key, tang_keys};

/// Beyond guessing, and still to be typed at a console.
const BYTES: usize = 24;

/// One for each encrypted disk, and a pair for each server that is asked.
pub fn wanted(region: &Region) -> Vec<Spec> {
    let keys = |server| {
        let key = move |disk| Spec::Password { name: recovery_key(server, disk), bytes: BYTES };
        region.encrypted_disks(server).map(key)
    };
    let asked = region.servers().iter().filter(|server| is_asked(region, server));
    let tang = asked.map(|server| Spec::TangKeys { name: tang_keys(server) });
    region.servers().iter().flat_map(keys).chain(tang).collect()
}
