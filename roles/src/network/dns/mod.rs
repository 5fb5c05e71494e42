//! The zone of the region, and a resolver on every server: for itself, for pods and for VPN clients.
//!
//! Every server answers for the whole zone from its own file, so names of the region need no upstream and no other server.
//! DNSSEC is not checked here but by the resolvers that are asked: a site that is cut off, or whose clock is wrong after a
//! power cut, could resolve nothing at all, the time servers' names included.

mod resolver;
mod upstream;
mod zone;

use std::net::Ipv4Addr;

use regionctl_engine::want::{self, Want as _};
use regionctl_plan::Resource;

use super::gateway;
use crate::template::fill;
use crate::{Host, Wanted};

const FOLDER: &str = "/etc/unbound/unbound.conf.d";
/// Read last by Debian's unbound.conf: of an option that is given twice, the last one counts.
pub(crate) const CONFIG: &str = "/etc/unbound/unbound.conf.d/zz-regionctl.conf";

/// Run against the new file before it takes its place. Before the first install the program is not there yet; then a wrong
/// file keeps unbound from starting, and the server goes on asking whom it asked before.
const CHECK: &str = r#"[ ! -x /usr/sbin/unbound-checkconf ] || /usr/sbin/unbound-checkconf "$tmp" >/dev/null"#;

/// unbound, then the server's own resolver: it changes only once unbound answers.
///
/// The file is there before the package: with Debian's own alone unbound would fail to start without the root's key, and
/// systemd would soon refuse to start it again.
pub fn wants(host: &Host<'_>) -> Wanted {
    let Some(dns) = host.region.spec.network.dns.as_ref().filter(|dns| dns.enabled) else { return Wanted::new() };
    let mut wanted = Wanted::new().setting(group()).setting(user());
    wanted = wanted.setting(want::directory("/etc/unbound")).setting(want::directory(FOLDER));
    if dns.servers.is_empty() {
        wanted = wanted.setting(upstream::as_before(host));
    }
    wanted
        .setting(want::file(CONFIG, config(host)).param("check", CHECK))
        .packages_of(host, "network/dns")
        .then(want::unit("unbound.service").enabled().active().config([CONFIG]))
        .then_all(resolver::wants(host))
}

/// As Debian's package makes them, which leaves them behind when it goes.
fn group() -> Resource {
    want::group("unbound").param("system", true)
}

fn user() -> Resource {
    let user = want::user("unbound").group("unbound").field("home", "/var/lib/unbound").field("shell", "/usr/sbin/nologin");
    user.param("system", true).param("create_home", false)
}

fn config(host: &Host<'_>) -> String {
    let interfaces: String = addresses(host).iter().map(|address| format!("    interface: {address}\n")).collect();
    let network = &host.region.spec.network;
    let (vrack, ranges) = (network.vrack.cidr, &network.ranges);
    let clients = [vrack, ranges.pods, ranges.services, ranges.vpn].map(|cidr| format!("    access-control: {cidr} allow\n"));
    let values = [
        ("interfaces", interfaces.as_str()),
        ("clients", &clients.concat()),
        ("zone", &zone::zone(host.region)),
        ("upstream", &upstream::given(network.dns.as_ref().map_or(&[][..], |dns| &dns.servers))),
    ];
    fill(include_str!("templates/unbound.conf"), &values)
}

/// Where this server answers, besides loopback: on the vrack, and on the gateway's address if it can come here.
fn addresses(host: &Host<'_>) -> Vec<Ipv4Addr> {
    let gateway = host.region.spec.network.gateway_address().filter(|_| can_be_gateway(host));
    host.server.vrack.address.into_iter().chain(gateway).collect()
}

fn can_be_gateway(host: &Host<'_>) -> bool {
    let servers = host.region.spec.network.gateway.as_ref().map(|gateway| gateway::servers(host.region, gateway));
    servers.is_some_and(|servers| servers.iter().any(|server| server.name == host.server.name))
}
