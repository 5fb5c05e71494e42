//! Debian's security updates, every day, one server at a time.

use regionctl_engine::want::{self, Want as _};

use crate::template::fill;
use crate::{Host, Wanted};

/// After Debian's own `50unattended-upgrades` and `20auto-upgrades`, which stay as they are.
const CONFIG: &str = "/etc/apt/apt.conf.d/52regionctl-unattended-upgrades";
const TIMER: &str = "apt-daily-upgrade.timer";
const TIMER_FOLDER: &str = "/etc/systemd/system/apt-daily-upgrade.timer.d";
const TIMER_CONFIG: &str = "/etc/systemd/system/apt-daily-upgrade.timer.d/regionctl.conf";

/// Servers take turns of half an hour from midnight to six.
const TURNS: usize = 12;
const TURN_MINUTES: usize = 30;

/// Nothing if the inventory does not want them: then the operator has another way.
pub fn wants(host: &Host<'_>) -> Wanted {
    if !host.region.spec.base.security_updates {
        return Wanted::new();
    }
    let held: String = host.release.held.iter().map(|beginning| format!("  \"{beginning}\";\n")).collect();
    Wanted::new()
        .setting(want::directory("/etc/apt/apt.conf.d"))
        .setting(want::file(CONFIG, fill(include_str!("templates/unattended-upgrades"), &[("held", &held)])))
        .setting(want::directory(TIMER_FOLDER))
        .setting(want::file(TIMER_CONFIG, fill(include_str!("templates/timer.conf"), &[("time", &turn(host))])))
        .packages_of(host, "base/security_updates")
        .then(want::unit("apt-daily.timer").enabled().active())
        .then(want::unit(TIMER).enabled().active().config([TIMER_CONFIG]))
}

/// By the place in the document, where new servers come last: adding one moves no other.
fn turn(host: &Host<'_>) -> String {
    let place = host.region.servers().iter().position(|server| server.name == host.server.name).unwrap_or_default();
    let minutes = place % TURNS * TURN_MINUTES;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
