//! Network, VPN and disks on lab hosts, each part on a lab of its own: `make e2e SUITE=network`, or one with `PART=NAME`.
//! Parts: `layer` (packet filter, gateway, names), `managers` and `vlan` (the vrack), `vpn`, `replaced` (a disk
//! that failed), `disks` (encryption).
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

mod disks;
mod replaced;
mod vpn;
mod vrack;

use std::process::{Child, Command, Stdio};

use regionctl_tests::properties::same;
use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

const CONNECTION: i32 = 4;
const REFUSED: i32 = 9;
/// An address that nobody has a route to but through a gateway: the operator's place plays a server outside.
const OUTSIDE: &str = "192.0.2.80";
const FORWARDED: &str = "203.0.113.200";
/// The first of the range for load balancers.
const BALANCER: &str = "10.90.0.180";
const INSTALL: [&str; 5] = ["--lab", "install", "--yes", "--layer", "base,network"];
const PLAN: [&str; 5] = ["--lab", "plan", "--exit-code", "--layer", "base,network"];

#[test]
fn network() {
    let mut suite = Suite::new("network").unwrap();
    suite.part("layer", layer);
    suite.part("managers", vrack::managers);
    suite.part("vlan", vrack::vlan);
    suite.part("vpn", vpn::users);
    suite.part("replaced", replaced::disk);
    suite.part("disks", disks::encrypted);
    suite.end().unwrap();
}

fn layer(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up_with("network", |text| with(&text, "[198.51.100.0/24]"))?;
    region.keys()?;
    let fresh = region.states()?;
    suite.step("a packet filter that would keep the operator out is refused", || refused(&region));
    suite.step("base and network are installed, and a second plan is empty", || installed(&region));
    suite.step("the packet filter drops what nobody needs, and other tables stay", || filtered(&region));
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
    document.replacen("{operators: [203.0.113.0/24]}", &format!("{{operators: {operators}}}"), 1).replacen(
        "servers: [compute-1, compute-2]}",
        &format!("servers: [compute-1, compute-2], publicAddresses: [{FORWARDED}]}}"),
        1,
    )
}

fn refused(region: &LabRegion) -> Result<(), Failed> {
    let said = region.exits(REFUSED, &INSTALL)?;
    want(said.contains("operator-dropped") && said.contains("198.51.100.0/24"), || said.clone())?;
    region.write(&region.document()?.replacen("[198.51.100.0/24]", "[203.0.113.0/24]", 1))
}

fn installed(region: &LabRegion) -> Result<(), Failed> {
    let plan = region.ok(&["--lab", "plan", "--layer", "base,network"])?;
    want(plan.contains("may cut SSH"), || format!("the plan does not say what may cut SSH:\n{plan}"))?;
    region.ok(&INSTALL)?;
    region.ok(&PLAN).map(drop)
}

fn filtered(region: &LabRegion) -> Result<(), Failed> {
    region.on("storage-1", "systemd-run --quiet --unit listen systemd-socket-activate --listen 8080 --accept cat")?;
    region.on("storage-1", "nft add table ip other && nft add chain ip other c '{ type filter hook input priority 10; }'")?;
    let open = |from: &str, to: &str| region.on(from, &format!("timeout 3 bash -c '</dev/tcp/{to}/8080'")).is_ok();
    until(20, "the listener to answer on the vrack", || open("storage-2", "10.90.0.13"))?;
    want(!open("storage-2", "203.0.113.13"), || "the public address answers".into())?;
    // Loading the rules anew leaves what others made.
    region.on("storage-1", "systemctl reload regionctl-firewall && nft list table ip other >/dev/null")?;
    region.on(
        "storage-1",
        "systemctl restart regionctl-firewall && nft list table ip other >/dev/null && nft delete table ip other",
    )?;
    region.on("storage-1", "systemctl stop listen").map(drop)
}

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

/// Answers with the address it is asked from.
const SERVER: &str = "
import socketserver
class Answer(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(self.client_address[0].encode())
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(('192.0.2.80', 8080), Answer).serve_forever()
";
/// The same, of what a host has.
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

/// The operator's place as a machine outside, at [`OUTSIDE`].
struct Outside {
    enter: Vec<String>,
    server: Option<Child>,
}

impl Outside {
    fn new() -> Result<Self, Failed> {
        let enter = regionctl_lab::enter_command("network").map_err(|error| error.to_string())?;
        let outside = Self { enter: enter.words().to_vec(), server: None };
        outside.run(&["ip", "address", "replace", &format!("{OUTSIDE}/32"), "dev", "lo"])?;
        Ok(outside)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failed> {
        let (program, words) = self.enter.split_first().ok_or("no way into the lab")?;
        let mut command = Command::new(program);
        command.args(words).args(arguments).stdin(Stdio::null());
        Ok(command)
    }

    fn run(&self, arguments: &[&str]) -> Result<String, Failed> {
        let output = self.command(arguments)?.output().map_err(|error| error.to_string())?;
        want(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn serve(mut self) -> Result<Self, Failed> {
        let started = self.command(&["python3", "-c", SERVER])?.spawn();
        self.server = Some(started.map_err(|error| error.to_string())?);
        Ok(self)
    }

    /// What a server there answers, from [`OUTSIDE`].
    fn ask(&self, address: &str, port: u16) -> Result<String, Failed> {
        let ask = format!(
            "import socket; s = socket.create_connection(('{address}', {port}), 3, ('{OUTSIDE}', 0)); print(s.recv(99).decode())"
        );
        self.run(&["python3", "-c", &ask]).map(|said| said.trim().to_owned())
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// A load balancer's address on a host that lives on the vrack only, as far as this way is concerned.
fn way_in(region: &LabRegion) -> Result<(), Failed> {
    let outside = Outside::new()?;
    region.on("storage-1", &format!("ip address add {BALANCER}/32 dev eno2 && ip route replace {OUTSIDE}/32 via 10.90.0.1"))?;
    region.on("storage-1", BALANCE)?;
    until(30, "an answer from the forwarded address", || outside.ask(FORWARDED, 8080).is_ok_and(|seen| seen == OUTSIDE))?;
    // A neighbour outside who takes a gateway server for a router.
    outside.run(&["ip", "route", "replace", &format!("{BALANCER}/32"), "via", "203.0.113.11"])?;
    let let_in = outside.ask(BALANCER, 8080);
    outside.run(&["ip", "route", "del", &format!("{BALANCER}/32")])?;
    want(let_in.is_err(), || format!("the vrack is reached without an address forwarded: {let_in:?}"))?;
    region.on("storage-1", BALANCE_NO_MORE)?;
    region.on("storage-1", &format!("ip address del {BALANCER}/32 dev eno2 && ip route del {OUTSIDE}/32"))?;
    region.ok(&PLAN).map(drop)
}

fn way_out(region: &LabRegion) -> Result<(), Failed> {
    let _outside = Outside::new()?.serve()?;
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
