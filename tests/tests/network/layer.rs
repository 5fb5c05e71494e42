//! Packet filter, gateway and names of the example.

use regionctl_tests::outside::{ADDRESS as OUTSIDE, Outside};
use regionctl_tests::properties::same;
use regionctl_tests::reach;
use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

use super::{CONNECTION, HOST, REFUSED};

const LAB: &str = "network";
const FORWARDED: &str = "203.0.113.200";
/// The first of the range for load balancers.
const BALANCER: &str = "10.90.0.180";
const INSTALL: [&str; 5] = ["--lab", "install", "--yes", "--layer", "base,network"];
const PLAN: [&str; 5] = ["--lab", "plan", "--exit-code", "--layer", "base,network"];

/// See the module.
pub fn all(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up_with(LAB, |text| with(&text, "[198.51.100.0/24]"))?;
    region.keys()?;
    let fresh = region.states()?;
    suite.step("a packet filter that would keep the operator out is refused", || refused(&region));
    suite.step("one that does, because nobody listened, goes back by itself, and the run says so", || taken_back(&region));
    suite.step("base and network are installed, and a second plan is empty", || installed(&region));
    suite.step("the packet filter drops what nobody needs, and other tables stay", || filtered(&region));
    suite.step("a stranger on the vrack gets names, and neither the time, SSH nor the gateway's address", || stranger(&region));
    suite.step("the names of the region and of others resolve on every host", || names(&region));
    suite.step("a table altered by hand is shown and mended", || altered(&region));
    suite.step("a server outside reaches what a public address is forwarded to, and nothing else", || way_in(&region));
    suite.step("a host reaches a server outside through the gateway, also when its holder is off", || way_out(&region));
    suite.step("a reset leaves nothing", || {
        region.ok(&["--lab", "reset", "--yes"])?;
        fresh.iter().try_for_each(|(host, state)| same(state, &region.state(host)?, &format!("{host} after reset")))
    });
    Ok(())
}

/// The example with other operators, and a public address for a load balancer.
fn with(document: &str, operators: &str) -> String {
    let open = "[{port: 9100, from: [10.90.0.14/32]}]";
    document.replacen("{operators: [203.0.113.0/24]}", &format!("{{operators: {operators}, open: {open}}}"), 1).replacen(
        "servers: [compute-1, compute-2]}",
        &format!("servers: [compute-1, compute-2], publicAddresses: [{FORWARDED}]}}"),
        1,
    )
}

fn refused(region: &LabRegion) -> Result<(), Failed> {
    let said = region.exits(REFUSED, &INSTALL)?;
    want(said.contains("operator-dropped") && said.contains("198.51.100.0/24"), || said.clone())
}

fn taken_back(region: &LabRegion) -> Result<(), Failed> {
    let heedless = [&INSTALL[..], &["--allow", "operator-dropped", "--window", "30"]].concat();
    let said = region.exits(HOST, &heedless)?;
    for host in LabRegion::HOSTS {
        want(said.contains(&format!("{host}: what may cut SSH was taken back")), || said.clone())?;
        region.on(host, "! nft list table inet regionctl && [ ! -e /etc/regionctl/firewall.nft ]")?;
    }
    region.write(&region.document()?.replacen("[198.51.100.0/24]", "[203.0.113.0/24]", 1))
}

fn installed(region: &LabRegion) -> Result<(), Failed> {
    let plan = region.ok(&["--lab", "plan", "--layer", "base,network"])?;
    want(plan.contains("may cut SSH"), || format!("the plan does not say what may cut SSH:\n{plan}"))?;
    region.ok(&INSTALL)?;
    region.ok(&PLAN).map(drop)
}

fn filtered(region: &LabRegion) -> Result<(), Failed> {
    region.on(
        "storage-1",
        "systemd-run --quiet --unit listen systemd-socket-activate --listen 8080 --accept cat
         systemd-run --quiet --unit listen-too systemd-socket-activate --listen 9100 --accept cat",
    )?;
    region.on("storage-1", "nft add table ip other && nft add chain ip other c '{ type filter hook input priority 10; }'")?;
    let ports = [22, 8080, 9100].into();
    let open = |from: &str, to: &str| reach::knock(to, &ports, |script| region.on(from, script));
    until(20, "what the inventory opens to answer on the vrack", || open("storage-2", "10.90.0.13") == Ok([22, 9100].into()))?;
    let outside = open("storage-2", "203.0.113.13")?;
    want(outside == [22].into(), || format!("the public address answers at {outside:?}"))?;
    // Loading the rules anew leaves what others made.
    region.on("storage-1", "systemctl reload regionctl-firewall && nft list table ip other >/dev/null")?;
    region.on(
        "storage-1",
        "systemctl restart regionctl-firewall && nft list table ip other >/dev/null && nft delete table ip other",
    )?;
    region.on("storage-1", "systemctl stop listen listen-too").map(drop)
}

const STRANGER: &str = "10.90.0.250";

fn stranger(region: &LabRegion) -> Result<(), Failed> {
    let stranger = Outside::of(LAB)?;
    let address = format!("{STRANGER}/24");
    stranger.joins_the_vrack(&address)?;
    let ask = |script: &str| stranger.run(&["sh", "-c", script]);
    for (host, address) in [("compute-1", "10.90.0.11"), ("storage-1", "10.90.0.13")] {
        let (ports, _) = reach::listening(region, host)?;
        let open = reach::knock(address, &ports, ask)?;
        want(open == [53].into(), || format!("{host} answers a stranger at {open:?} of {ports:?}"))?;
        let said = stranger.run(&["python3", "-c", NTP, address])?;
        want(said.trim() == "no answer", || format!("{host} tells a stranger the time: {said}"))?;
    }
    // The gateway's holder, preferred, goes on although somebody claims to be better.
    for host in ["10.90.0.11", "10.90.0.12"] {
        stranger.run(&["python3", "-c", VRRP, STRANGER, host])?;
    }
    let seen = region.on("compute-1", "ip -o address show to 10.90.0.1; journalctl -u keepalived --no-pager -o cat -n 20")?;
    want(seen.contains("10.90.0.1/24") && !seen.contains("higher priority"), || seen.clone())?;
    stranger.leaves_the_vrack(&address)?;
    // The other servers do get the time.
    until(90, "the servers to have each other's time", || {
        let sources = region.on("storage-1", "chronyc -n -c sources").unwrap_or_default();
        let reached = |line: &str| line.contains(",10.90.0.14,") && line.split(',').nth(5).is_some_and(|reach| reach != "0");
        sources.lines().any(reached)
    })
}

/// Asks for the time (RFC 5905).
const NTP: &str = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(b'\\x23' + 47 * b'\\0', (sys.argv[1], 123))
try: print(len(s.recv(99)), 'bytes')
except TimeoutError: print('no answer')
";

/// Three seconds of advertisements with the highest priority there is (RFC 3768), for the gateway's address.
const VRRP: &str = "
import socket, struct, sys, time
def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
def advertisement(sum): return struct.pack('!BBBBBBH', 0x21, 1, 255, 1, 0, 1, sum) + socket.inet_aton('10.90.0.1') + 8 * b'\\0'
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112); s.bind((sys.argv[1], 0)); s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
for _ in range(6): s.sendto(advertisement(checksum(advertisement(0))), (sys.argv[2], 0)); time.sleep(0.5)
";

fn names(region: &LabRegion) -> Result<(), Failed> {
    for host in LabRegion::HOSTS {
        for (name, address) in [("storage-2.lab.internal", "10.90.0.14"), ("gateway.lab.internal", "10.90.0.1")] {
            let found = region.on(host, &format!("getent ahostsv4 {name} || :"))?;
            want(found.contains(address), || format!("{name} on {host}: {found:?}"))?;
        }
        let other = region.on(host, "getent ahostsv4 deb.debian.org || :")?;
        want(!other.is_empty(), || format!("deb.debian.org does not resolve on {host}"))?;
        region.on(host, "! getent hosts nobody.lab.internal")?;
    }
    Ok(())
}

fn altered(region: &LabRegion) -> Result<(), Failed> {
    region.on("storage-2", "nft add rule inet regionctl input tcp dport 4444 accept")?;
    let plan = region.exits(2, &PLAN)?;
    want(plan.contains("the packet filter is as its file says"), || plan.clone())?;
    region.ok(&INSTALL)?;
    let rules = region.on("storage-2", "nft list table inet regionctl")?;
    want(!rules.contains("4444"), || rules.clone())?;
    region.ok(&PLAN).map(drop)
}

/// Answers with the address it is asked from, by what every host has.
const BALANCE: &str = r#"
cd /run/systemd/system
printf '[Socket]\nListenStream=8080\nAccept=yes\n' >balancer.socket
printf '[Service]\nExecStart=printenv REMOTE_ADDR\nStandardOutput=socket\n' >balancer@.service
systemctl daemon-reload && systemctl start balancer.socket
nft insert rule inet regionctl input tcp dport 8080 accept
"#;
const BALANCE_NO_MORE: &str = r#"
systemctl stop balancer.socket
rm /run/systemd/system/balancer.socket /run/systemd/system/balancer@.service
systemctl daemon-reload && systemctl reload regionctl-firewall
"#;

/// A load balancer's address on a host that lives on the vrack only, as far as this way is concerned.
fn way_in(region: &LabRegion) -> Result<(), Failed> {
    let outside = Outside::of(LAB)?;
    region.on("storage-1", &format!("ip address add {BALANCER}/32 dev eno2 && ip route replace {OUTSIDE}/32 via 10.90.0.1"))?;
    region.on("storage-1", BALANCE)?;
    until(30, "an answer from the forwarded address", || outside.ask(FORWARDED).is_ok_and(|seen| seen == OUTSIDE))?;
    // A neighbour outside who takes a gateway server for a router.
    outside.run(&["ip", "route", "replace", &format!("{BALANCER}/32"), "via", "203.0.113.11"])?;
    let let_in = outside.ask(BALANCER);
    outside.run(&["ip", "route", "del", &format!("{BALANCER}/32")])?;
    want(let_in.is_err(), || format!("the vrack is reached without an address forwarded: {let_in:?}"))?;
    region.on("storage-1", BALANCE_NO_MORE)?;
    region.on("storage-1", &format!("ip address del {BALANCER}/32 dev eno2 && ip route del {OUTSIDE}/32"))?;
    region.ok(&PLAN).map(drop)
}

fn way_out(region: &LabRegion) -> Result<(), Failed> {
    let _outside = Outside::of(LAB)?.serve()?;
    // As a machine that lives on the vrack only.
    region.on("storage-1", &format!("ip route replace {OUTSIDE}/32 via 10.90.0.1"))?;
    let seen = || region.on("storage-1", &format!("timeout 3 bash -c 'cat </dev/tcp/{OUTSIDE}/8080'")).unwrap_or_default();
    until(30, "an answer through compute-1", || seen() == "203.0.113.11")?;
    region.ok(&["lab", "power", "compute-1", "off", "--hard"])?;
    until(30, "an answer through compute-2", || seen() == "203.0.113.12")?;
    let said = region.exits(CONNECTION, &["--lab", "status", "--layer", "base,network"])?;
    want(said.contains("gateway 10.90.0.1: compute-2") && said.contains("storage-1: no answer from compute-1"), || said.clone())?;
    region.ok(&["lab", "power", "compute-1", "on"])?;
    until(60, "compute-1 to be the way out again", || seen() == "203.0.113.11")?;
    region.on("storage-1", &format!("ip route del {OUTSIDE}/32"))?;
    region.ok(&PLAN).map(drop)
}
