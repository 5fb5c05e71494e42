//! The vrack that regionctl makes: in the words of three managers on container hosts; VLAN and large packets, and what goes
//! wrong with them, on machines with their own kernel.

use regionctl_tests::properties::same;
use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

use super::HOST;

const INSTALL: [&str; 5] = ["--lab", "install", "--yes", "--layer", "network"];
const PLAN: [&str; 5] = ["--lab", "plan", "--exit-code", "--layer", "network"];

/// A region of these servers, with vrack cards called `eno2`.
fn document(name: &str, vrack: &str, kind: &str, servers: &[&str]) -> String {
    let server = |(number, name): (usize, &&str)| {
        let last = 11 + number;
        format!(
            "    - {{name: {name}, roles: [compute], address: 203.0.113.{last}, vrack: {{interface: eno2, address: 10.90.0.{last}}}}}\n"
        )
    };
    let servers: String = servers.iter().enumerate().map(server).collect();
    format!(
        "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {{name: {name}}}\nspec:\n  release: \"2026.11\"\n  \
         network:\n    public: {{cidr: 203.0.113.0/24}}\n    vrack: {vrack}\n    ranges: {{servers: 10.90.0.10-10.90.0.59}}\n  \
         lab: {{kind: {kind}}}\n  servers:\n{servers}"
    )
}

/// A bridge on hosts that networkd, ifupdown2 and ifupdown configure.
pub fn managers(suite: &mut Suite) -> Result<(), Failed> {
    let vrack = "{cidr: 10.90.0.0/24, mtu: 1400, bridge: vmbr1}";
    let hosts = ["networkd", "two", "plain"];
    let region = LabRegion::up_with("managers", |_| document("managers", vrack, "container", &hosts))?;
    let mut before = Vec::new();
    suite.step("a bridge is made by networkd, ifupdown2 and by a unit of our own", || {
        region.on("networkd", NETWORKD)?;
        region.on("two", "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install ifupdown2 >/dev/null")?;
        // It makes a link in /etc/network when it first starts.
        region.ok(&["lab", "power", "two", "off"])?;
        region.ok(&["lab", "power", "two", "on"])?;
        before = states(&region, &hosts)?;
        region.ok(&INSTALL)?;
        region.ok(&PLAN)?;
        hosts.iter().try_for_each(|host| {
            region.on(host, REACHES)?;
            region.on(host, "[ -e /sys/class/net/vmbr1/brif/eno2 ]").map(drop)
        })
    });
    suite.step("what is altered by hand is shown and mended", || {
        hosts.iter().try_for_each(|host| region.on(host, "ip address flush dev vmbr1").map(drop))?;
        let plan = region.exits(2, &PLAN)?;
        want(plan.contains("the server has its place on the vrack"), || plan.clone())?;
        region.ok(&INSTALL)?;
        region.ok(&PLAN).map(drop)
    });
    suite.step("it comes back after a restart", || {
        region.ok(&["lab", "power", "networkd", "off", "--hard"])?;
        region.ok(&["lab", "power", "networkd", "on"])?;
        until(60, "the vrack after a restart", || region.ok(&PLAN).is_ok())
    });
    suite.step("a wrong address on one server goes back by itself, and the run says so", || {
        let right = region.document()?;
        region.write(&right.replace("10.90.0.", "10.92.0."))?;
        for host in hosts {
            let said = region.exits(HOST, &[&INSTALL[..], &["--host", host]].concat())?;
            want(said.contains("taken back") && said.contains("no other server answers over the vrack"), || said.clone())?;
            region.on(host, REACHES)?;
        }
        region.write(&right)?;
        region.ok(&PLAN).map(drop)
    });
    suite.step("a reset takes it away again", || {
        region.ok(&["--lab", "reset", "--yes"])?;
        hosts.iter().try_for_each(|host| region.on(host, "! ip link show dev vmbr1").map(drop))?;
        before.iter().try_for_each(|(host, state)| same(state, &region.state(host)?, &format!("{host} after reset")))
    });
    Ok(())
}

/// Full packets to others on the vrack.
const REACHES: &str = "ping -q -c 1 -W 2 -M do -s 1372 10.90.0.11 && ping -q -c 1 -W 2 -M do -s 1372 10.90.0.13";

/// From ifupdown to systemd-networkd, as an operator would.
const NETWORKD: &str = r#"
mkdir -p /etc/systemd/network
cat >/etc/systemd/network/50-public.network <<'END'
[Match]
Name=eno1
[Network]
Address=203.0.113.11/24
Gateway=203.0.113.1
END
systemctl disable networking.service 2>/dev/null
systemctl enable --now systemd-networkd.service 2>/dev/null
networkctl reload
"#;

fn states(region: &LabRegion, hosts: &[&'static str]) -> Result<Vec<(&'static str, String)>, Failed> {
    hosts.iter().map(|host| Ok((*host, region.state(host)?))).collect()
}

/// VLAN 100 and packets of 9000 bytes; then a VLAN that nobody else is in.
pub fn vlan(suite: &mut Suite) -> Result<(), Failed> {
    let hosts = ["one", "two"];
    let vrack = "{cidr: 10.90.0.0/24, mtu: 9000, vlan: 100}";
    let region = LabRegion::up_with("vlan", |_| document("vlan", vrack, "vm", &hosts))?;
    let mut before = Vec::new();
    let full = "ping -q -c 2 -W 2 -M do -s 8972 10.90.0.12";
    suite.step("a vrack with a VLAN and packets of 9000 bytes is made and asked from both ends", || {
        before = states(&region, &hosts)?;
        region.ok(&INSTALL)?;
        region.on("one", full)?;
        region.on("one", "ip -d link show dev vlan100 | grep -q 'id 100 '")?;
        region.ok(&PLAN).map(drop)
    });
    let moved = || region.write(&document("vlan", &vrack.replace("100", "200"), "vm", &hosts));
    suite.step("a wrong VLAN on one server goes back by itself, and the run says so", || {
        moved()?;
        let said = region.exits(HOST, &[&INSTALL[..], &["--host", "one"]].concat())?;
        want(said.contains("taken back") && said.contains("no other server answers over the vrack"), || said.clone())?;
        region.on("one", full).map(drop)
    });
    suite.step("a wrong VLAN goes back also when the power is cut inside the window", || {
        let mut run = region.start(&[&INSTALL[..], &["--host", "one", "--window", "600"]].concat())?;
        until(120, "the VLAN to be changed", || region.on("one", "[ -e /sys/class/net/vlan200 ]").is_ok())?;
        region.ok(&["lab", "power", "one", "off", "--hard"])?;
        region.ok(&["lab", "power", "one", "on"])?;
        let ended = run.wait().map_err(|error| error.to_string())?;
        want(!ended.success(), || "the run did not notice".into())?;
        until(120, "the old VLAN", || region.on("one", full).is_ok())
    });
    suite.step("both servers move to another VLAN together", || {
        region.ok(&INSTALL)?;
        region.on("one", full)?;
        region.on("one", "[ -e /sys/class/net/vlan200 ] && [ ! -e /sys/class/net/vlan100 ]")?;
        region.ok(&PLAN).map(drop)
    });
    suite.step("the cards are as they came after a reset", || {
        region.ok(&["--lab", "reset", "--yes"])?;
        region.on("one", "[ ! -e /sys/class/net/vlan200 ] && [ $(cat /sys/class/net/eno2/mtu) = 9000 ]")?;
        before.iter().try_for_each(|(host, state)| same(state, &region.state(host)?, &format!("{host} after reset")))
    });
    Ok(())
}
