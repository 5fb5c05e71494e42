//! The server is called as in the inventory.

use regionctl_engine::want::{self, Undo};
use regionctl_plan::quote;

use crate::{Host, Wanted};

/// The name now, then the name after a boot: on the way back the file is right again before it is read.
pub fn wants(host: &Host<'_>) -> Wanted {
    let name = quote(host.name());
    let now = want::Command {
        run: &format!("hostname -- {name}"),
        check: &format!("[ \"$(cat /proc/sys/kernel/hostname)\" = {name} ]"),
        guard: ":",
        undo: Undo::Run("[ ! -s /etc/hostname ] || hostname -F /etc/hostname"),
    };
    Wanted::new()
        .setting(want::command(&format!("the host name is {}", host.name()), now))
        .setting(want::file("/etc/hostname", format!("{}\n", host.name())))
}
