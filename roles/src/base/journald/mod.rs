//! The log is kept over a boot, and bounded.

use regionctl_engine::want::{self, Want as _};

use crate::template::fill;
use crate::{Host, Wanted};

const CONFIG: &str = "/etc/systemd/journald.conf.d/10-regionctl.conf";

/// A drop-in, and journald restarted, which loses no line.
pub fn wants(host: &Host<'_>) -> Wanted {
    let journal = &host.region.spec.base.journal;
    let values = [("max_use", journal.max_use.bytes().to_string()), ("max_days", journal.max_days.to_string())];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    Wanted::new()
        .setting(want::directory("/etc/systemd/journald.conf.d"))
        .setting(want::file(CONFIG, fill(include_str!("templates/journald.conf"), &values)))
        .then(want::unit("systemd-journald.service").active().config([CONFIG]))
}
