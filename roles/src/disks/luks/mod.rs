//! LUKS: a container on each disk that is to be encrypted, made with the recovery key and opened.

use regionctl_engine::want;

use super::places::{encrypted, mapper, recovery_key};
use crate::{Host, Wanted};

/// Nothing here waits for another host.
pub fn wants(host: &Host<'_>) -> Wanted {
    let disks = encrypted(host);
    if disks.is_empty() {
        return Wanted::new();
    }
    let container = |disk| {
        let key = host.secret(&recovery_key(host.server, disk));
        want::luks(&mapper(disk), disk.device.as_str(), &key.to_string()).speaks_of(&key)
    };
    Wanted::new().packages_of(host, "disks/luks").then_all(disks.into_iter().map(container))
}
