//! Servers whose system is newly installed, with the data disks that they had.

use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

const INSTALL: [&str; 3] = ["--lab", "install", "--yes"];

pub fn servers(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up("day2new")?;
    suite.step("a region with a volume is installed", || {
        region.ok(&INSTALL)?;
        region.on("compute-2", "echo before >/srv/data/before && sync /srv/data/before").map(drop)
    });
    suite.step("a server that was made known by another name, too, is found by its own", || {
        region.on("storage-1", "echo 10.90.0.14 stor2-old >>/etc/hosts; gluster peer probe stor2-old")?;
        // glusterd reads the names of its peers when it starts, and by then only the inventory's are known.
        region.ok(&INSTALL)?;
        region.on("storage-1", "grep -q stor2-old /var/lib/glusterd/peers/* && systemctl restart glusterd")?;
        region.ok(&INSTALL)?;
        region.ok(&["--lab", "plan", "--exit-code"])?;
        let pool = region.on("storage-1", "gluster pool list")?;
        want(pool.matches("Connected").count() == 3, || pool.clone())?;
        until(120, "a volume that is well", || region.ok(&["--lab", "status", "--exit-code"]).is_ok())
    });
    // The second holds a copy, the first also makes the volumes, and is a gateway and a server of the VPN.
    for host in ["storage-2", "compute-1"] {
        suite.step(format!("{host} has a new system and is taken back as the one that it was"), || {
            region.ok(&["lab", "reinstall", host])?;
            let written = format!("echo meanwhile >/srv/data/{host} && sync /srv/data/{host}");
            // A client may just be coming back to the brick of before.
            until(60, "the other two to take a file", || region.on("compute-2", &written).is_ok())?;
            let plan = region.exits(2, &["--lab", "plan", "--exit-code"])?;
            want(plan.contains("the server has its id among Gluster's servers"), || plan.clone())?;
            region.ok(&INSTALL)?;
            region.ok(&["--lab", "plan", "--exit-code"])?;
            let pool = region.on("storage-1", "gluster pool list")?;
            want(pool.matches("Connected").count() == 3, || pool.clone())?;
            let read = region.on(host, &format!("cat /srv/data/before /srv/data/{host}"))?;
            want(read == "before\nmeanwhile\n", || format!("{host} reads {read:?}"))?;
            // The arbiter's copy has no content.
            let test = if host == "storage-2" { "-s" } else { "-e" };
            region.on(host, &format!("for file in before {host}; do [ {test} /srv/bricks/*/*/$file ] || exit 1; done"))?;
            let status = region.ok(&["--lab", "status", "--exit-code"])?;
            want(status.contains("healed"), || status.clone())
        });
    }
    suite.step("no two servers have one id, and a reset takes it away again", || {
        region.ok(&["--lab", "reset", "--yes"])?;
        ["compute-1", "storage-1", "storage-2"]
            .iter()
            .try_for_each(|host| region.on(host, "[ ! -e /var/lib/glusterd ]").map(drop))
    });
    Ok(())
}
