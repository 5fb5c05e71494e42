//! The time, and who sets it.

use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

/// apt refuses an index that was signed in its future, certificates begin when they are made, and leases run out: half a
/// minute is what a server without any time service drifts in weeks.
const OPERATOR_SECONDS: f64 = 30.0;

/// etcd warns above one second between members (`rafthttp: the clock difference against peer is too high`).
const HOSTS_SECONDS: f64 = 1.0;

pub(super) fn skew_operator(hosts: &Hosts<'_>) -> Vec<Said> {
    let said = |host: &Host<'_>| {
        let skew = surely(hosts.facts.skew(host.name())?)?;
        let side = if skew > 0.0 { "ahead of" } else { "behind" };
        let size = skew.abs();
        (size > OPERATOR_SECONDS).then(|| {
            Said::new(format!("the clock is {size:.0} s {side} the operator's"))
                .on(host.name())
                .hint("`date` on both tells who is wrong")
        })
    };
    hosts.answered.iter().filter_map(said).collect()
}

/// All are compared with the one in the middle, so that one wrong clock is one finding. A host that is far from the operator
/// has been told already.
pub(super) fn skew_hosts(hosts: &Hosts<'_>) -> Vec<Said> {
    let told: Vec<_> = skew_operator(hosts).into_iter().filter_map(|said| said.host).collect();
    let near = hosts.answered.iter().map(|host| host.name()).filter(|name| !told.iter().any(|host| host == name));
    let mut skews: Vec<_> = near.filter_map(|name| Some((name, hosts.facts.skew(name)?))).collect();
    skews.sort_by(|(_, (a, b)), (_, (c, d))| (a + b).total_cmp(&(c + d)));
    let Some((middle, (middle_low, middle_high))) = skews.get(skews.len() / 2).copied() else { return Vec::new() };
    let said = |(name, (low, high)): (&str, (f64, f64))| {
        let skew = surely((low - middle_high, high - middle_low)).filter(|skew| skew.abs() > HOSTS_SECONDS)?;
        let side = if skew > 0.0 { "ahead of" } else { "behind" };
        Some(Said::new(format!("the clock is {:.1} s {side} that of {middle}", skew.abs())).on(name))
    };
    skews.into_iter().filter_map(said).collect()
}

/// The smallest difference that the bounds allow; `None` if there may be none.
fn surely((low, high): (f64, f64)) -> Option<f64> {
    if low > 0.0 {
        Some(low)
    } else if high < 0.0 {
        Some(high)
    } else {
        None
    }
}

/// systemd-timesyncd alone is Debian's default, which the package chrony replaces by itself.
pub(super) fn service_conflict(host: &Host<'_>) -> Vec<Said> {
    let services = &host.probe.clock.services;
    if services.len() > 1 {
        return vec![Said::new(format!("several services set the clock: {}", super::names(services)))];
    }
    let other = services.iter().find(|name| !matches!(name.as_str(), "chrony" | "systemd-timesyncd"));
    other.map(|name| Said::new(format!("`{name}` sets the clock, and chrony will replace it"))).into_iter().collect()
}

pub(super) fn synchronised(host: &Host<'_>) -> Vec<Said> {
    let said = when(host.probe.clock.synchronised == "no", || {
        Said::new("the clock is not synchronised").hint("`timedatectl timesync-status` or `chronyc tracking`")
    });
    host.unless_container("its clock belongs to the machine below", said)
}
