//! What made the server from its image does not make it again at every boot.
//!
//! cloud-init writes the host name, /etc/hosts, /etc/resolv.conf and sshd's passwords anew at each boot, where the provider says so, and
//! what a provider says (user-data) counts more than any file of the server's own. So all of it is switched off, by the file that its
//! documentation names ("How to disable cloud-init"); what it has made stays.

use regionctl_engine::want;
use regionctl_plan::Writer;

use crate::{Host, Wanted};

const OFF: &str = "/etc/cloud/cloud-init.disabled";

/// Where there is a cloud-init.
pub fn wants(host: &Host<'_>) -> Wanted {
    if !host.facts.writers.contains(&Writer::CloudInit) {
        return Wanted::new();
    }
    Wanted::new().setting(want::file(OFF, include_str!("templates/disabled")))
}
