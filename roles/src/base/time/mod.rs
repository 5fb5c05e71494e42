//! One clock for all servers, by chrony, and the time zone.

mod zone;

use regionctl_engine::want::{self, Want as _};
use regionctl_plan::Resource;

use crate::template::fill;
use crate::{Host, Wanted};

const CONFIG: &str = "/etc/chrony/chrony.conf";
const OPTIONS: &str = "/etc/default/chrony";

/// The first version of Debian whose leap seconds come as a list: its tzdata has no `right/` zones any more.
const LEAP_SECOND_LIST: u32 = 13;

/// chrony in place of systemd-timesyncd, which cannot serve time to the others.
pub fn wants(host: &Host<'_>) -> Wanted {
    let mut config = vec![CONFIG];
    let mut wanted = Wanted::new().setting(want::directory("/etc/chrony")).setting(want::file(CONFIG, chrony(host)));
    if host.shares_kernel() {
        // The clock is the machine's: chronyd watches it and serves it, and never sets it.
        wanted = wanted.setting(want::file(OPTIONS, include_str!("templates/container")));
        config.push(OPTIONS);
    }
    wanted
        // apt would remove it for chrony by itself, and then nothing would bring it back.
        .package(Resource::absent("package", "systemd-timesyncd"))
        .packages_of(host, "base/time")
        .then(want::unit("chrony.service").enabled().active().config(config))
        .then(zone::zone(&host.region.spec.base.timezone))
}

fn chrony(host: &Host<'_>) -> String {
    let network = &host.region.spec.network;
    let servers = network.ntp.servers.iter().map(|server| format!("server {server} iburst\n"));
    let sources: String =
        if network.ntp.servers.is_empty() { "pool 2.debian.pool.ntp.org iburst\n".into() } else { servers.collect() };
    let others: Vec<_> = host.others().filter_map(|server| server.vrack.address).collect();
    let each = |word: &str| others.iter().map(|address| format!("{word} {address}\n")).collect::<String>();
    let leap = match host.facts.os_version {
        LEAP_SECOND_LIST.. => "leapseclist /usr/share/zoneinfo/leap-seconds.list",
        _ => "leapsectz right/UTC",
    };
    let values = [("sources", sources.as_str()), ("others", &each("server")), ("allowed", &each("allow")), ("leap", leap)];
    fill(include_str!("templates/chrony.conf"), &values)
}
