//! Servers that leave the inventory.

use regionctl_tests::properties::same;
use regionctl_tests::region::{Failed, LabRegion, want};
use regionctl_tests::suite::Suite;

use super::{REFUSED, document};

const INSTALL: [&str; 3] = ["--lab", "install", "--yes"];
const ALL: [&str; 3] = ["one", "two", "three"];

/// With a gateway on the first two, names on all, and the VPN on the first.
fn region_of(servers: &[&str]) -> String {
    // Each keeps its address, whoever leaves.
    let gone = ALL.iter().filter(|name| !servers.contains(name)).map(|name| format!("    - {{name: {name},"));
    let gone: Vec<_> = gone.collect();
    let text = document("day2servers", &ALL);
    let lines = text.lines().filter(|line| !gone.iter().any(|gone| line.starts_with(gone.as_str())));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let network = "  network:\n    gateway: {vip: 10.90.0.1, servers: [one, two]}\n    dns: {}\n    \
                   firewall: {operators: [203.0.113.0/24]}\n";
    let text = text.replacen("  network:\n", network, 1);
    let gateways = if servers.contains(&"two") { "one, two" } else { "one" };
    text.replacen("servers: [one, two]", &format!("servers: [{gateways}]"), 1)
}

pub fn leave(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up_with("day2servers", |_| region_of(&ALL))?;
    let mut before = String::new();
    suite.step("three servers are installed", || {
        before = region.state("two")?;
        region.ok(&INSTALL)?;
        region.ok(&["--lab", "plan", "--exit-code"]).map(drop)
    });
    suite.step("another name and exchanged addresses are forbidden by name, and nothing is changed", || {
        let right = region.document()?;
        let before = region.state("three")?;
        region.write(&right.replace("name: three", "name: nine"))?;
        let renamed = region.exits(REFUSED, &INSTALL);
        region.write(
            &right.replace("10.90.0.12", "10.90.0.X").replace("10.90.0.13", "10.90.0.12").replace("10.90.0.X", "10.90.0.13"),
        )?;
        let crossed = region.ok(&["--lab", "plan"]);
        let refused = region.run(&INSTALL);
        region.write(&right)?;
        let (renamed, crossed) = (renamed?, crossed?);
        want(refused.is_ok_and(|ended| !ended.status.success()), || "exchanged addresses are installed".into())?;
        want(renamed.contains("server-renamed") && renamed.contains("installed as `three`"), || renamed.clone())?;
        want(crossed.contains("address-taken") && crossed.contains("gives to three"), || crossed.clone())?;
        same(&before, &region.state("three")?, "three")
    });
    suite.step("status says which service does not answer, and whom", || {
        let status = region.ok(&["--lab", "status", "--exit-code"])?;
        want(status.contains("services: names, the gateway answer where they are used"), || status.clone())?;
        let drop = "nft 'add table inet foreign; add chain inet foreign input { type filter hook input priority -10; }; \
                    add rule inet foreign input udp dport 53 drop'";
        region.on("three", drop)?;
        let status = region.exits(2, &["--lab", "status", "--exit-code"]);
        region.on("three", "nft delete table inet foreign")?;
        let status = status?;
        want(status.contains("names: three does not answer one, three, two"), || status.clone())
    });
    suite.step("a server that leaves the inventory is named by plan and status", || {
        region.write(&region_of(&["one", "three"]))?;
        let plan = region.exits(2, &["--lab", "plan", "--exit-code"])?;
        want(plan.contains("no longer in the inventory: two") && plan.contains("keepalived"), || plan.clone())?;
        let status = region.ok(&["--lab", "status"])?;
        want(status.contains("not given back: two"), || status.clone())
    });
    suite.step("one that does not answer is forbidden by name", || {
        region.ok(&["lab", "power", "two", "off", "--hard"])?;
        let said = region.exits(REFUSED, &INSTALL)?;
        region.ok(&["lab", "power", "two", "on"])?;
        want(said.contains("server-gone"), || said.clone())
    });
    suite.step("an install gives it back, and the others let it go", || {
        region.ok(&INSTALL)?;
        same(&before, &region.state("two")?, "two, given back")?;
        region.on("two", "[ ! -e /var/lib/regionctl ] && [ ! -e /etc/keepalived ]")?;
        let known = region.on("one", "grep -c two /etc/hosts || :")?;
        want(known.trim() == "0", || format!("one still knows two: {known}"))?;
        region.ok(&["--lab", "plan", "--exit-code"])?;
        let status = region.ok(&["--lab", "status"])?;
        want(!status.contains("not given back"), || status.clone())
    });
    suite.step("one that is gone for good is let go, and what it knew is named", || {
        region.write(&region_of(&["one"]))?;
        region.ok(&["lab", "power", "three", "off", "--hard"])?;
        region.exits(REFUSED, &INSTALL)?;
        // One that did not answer, but may.
        region.ok(&[&INSTALL[..], &["--allow", "server-gone"]].concat())?;
        region.ok(&["--lab", "plan", "--exit-code"])?;
        region.ok(&["lab", "power", "three", "on"]).map(drop)
    });
    suite.step("reset knows what left, by name", || {
        region.write(&region_of(&["one", "two"]))?;
        region.ok(&INSTALL)?;
        region.write(&region_of(&["one"]))?;
        region.ok(&["--lab", "reset", "--yes", "--host", "two"])?;
        same(&before, &region.state("two")?, "two after its reset")?;
        region.ok(&INSTALL)?;
        region.ok(&["--lab", "plan", "--exit-code"]).map(drop)
    });
    Ok(())
}
