//! A brick on LVM on LUKS, on a machine with its own kernel among container hosts: opened at boot by the others, or not at all.

use regionctl_lab::Lab;
use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

use super::{HOST as FAILED, PENDING, REFUSED};

const LAB: &str = "disks";
/// What the emulated machine needs for its disk, and no more: it is slow.
const LAYERS: &str = "base,disks,gluster";
const INSTALL: [&str; 5] = ["--lab", "install", "--yes", "--layer", LAYERS];
const PLAN: [&str; 5] = ["--lab", "plan", "--exit-code", "--layer", LAYERS];
const HOST: &str = "storage-1";
const OTHERS: [&str; 3] = ["compute-1", "compute-2", "storage-2"];
const MOUNTED: &str = "mountpoint -q /srv/bricks/data-data";
/// Nobody waits for the mount any more.
const GIVEN_UP: &str = r#"[ -z "$(systemctl show -P Job 'srv-bricks-data\x2ddata.mount')" ]"#;
/// An emulated machine without hardware help.
const BOOT: u64 = 600;

/// The example with one server that has its own kernel, and a logical volume on its disk.
fn document(text: String) -> String {
    let (before, after) = text.split_once("- name: storage-1").unwrap_or((&text, ""));
    let after = after.replacen("device: /dev/sdb", "device: /dev/sdb, layout: lvm", 1);
    let after = after.replacen("timezone: Europe/Paris", "securityUpdates: false", 1);
    format!("{before}- name: storage-1{after}").replacen("compute-2: {", "storage-1: {kind: vm}\n      compute-2: {", 1)
}

/// See the module.
pub fn encrypted(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up_with(LAB, document)?;
    region.keys()?;
    suite.step("a brick on LVM on LUKS is made, and a second plan is empty", || {
        region.ok(&INSTALL)?;
        let stack = region.on(HOST, "lsblk -rno TYPE,FSTYPE /dev/sdb")?;
        let kinds: Vec<_> = stack.lines().map(str::trim).collect();
        want(kinds == ["disk crypto_LUKS", "crypt LVM2_member", "lvm xfs"], || stack.clone())?;
        region.on(HOST, "cryptsetup luksDump /dev/sdb | grep -q '^Version:.*2'")?;
        region.on("compute-2", "echo kept >/srv/data/kept && sync /srv/data/kept")?;
        region.ok(&PLAN).map(drop)
    });
    suite.step("the key is nowhere on the host", || {
        let kept =
            region.on(HOST, "grep -rlE 'luksFormat|clevis luks bind' /var/lib/regionctl /run/regionctl 2>/dev/null || :")?;
        want(kept.is_empty(), || kept.clone())
    });
    suite.step("a lost recovery key is said, and not replaced by one that opens nothing", || key_lost(&region));
    suite.step("it is opened by the other servers after a power cut", || {
        again(&region)?;
        until(BOOT, "the brick", || region.on(HOST, MOUNTED).is_ok())?;
        healed(&region)?;
        region.ok(&PLAN).map(drop)
    });
    suite.step("it stays closed while no other server answers, and the server answers SSH", || {
        OTHERS.iter().try_for_each(|other| region.on(other, "systemctl stop tangd.socket").map(drop))?;
        again(&region)?;
        until(BOOT, "the disk to be asked for", || region.on(HOST, "systemctl is-active clevis-luks-askpass.service").is_ok())?;
        until(BOOT, "the boot to go on without the brick", || region.on(HOST, GIVEN_UP).is_ok())?;
        region.on(HOST, "[ ! -e /dev/mapper/luks-data ]")?;
        region.on("compute-2", "echo meanwhile >/srv/data/meanwhile && sync /srv/data/meanwhile").map(drop)
    });
    suite.step("it is opened when one of them is back, and served and healed", || {
        region.on("compute-2", "systemctl start tangd.socket")?;
        until(BOOT, "the brick", || region.on(HOST, MOUNTED).is_ok())?;
        healed(&region)?;
        region.ok(&INSTALL)?;
        region.ok(&PLAN)?;
        let read = region.on(HOST, "cat /srv/bricks/data-data/data/meanwhile")?;
        want(read == "meanwhile\n", || read.clone())
    });
    suite.step("a disk is bound to no server that shows another key", || impostor(&region));
    suite.step("it takes as many servers as the inventory says", || two_needed(&region));
    suite.step("a reset closes it and wipes it where it is told to", || {
        region.ok(&["--lab", "reset", "--yes", "--wipe", "storage-1:data"])?;
        let left = region.on(HOST, "blkid -p /dev/sdb; ls /dev/mapper; cat /etc/crypttab 2>/dev/null || :")?;
        want(left == "control\n", || left.clone())
    });
    Ok(())
}

/// What opens the disk without its recovery key.
const SLOTS: &str = "clevis luks list -d /dev/sdb | cut -d: -f1";

fn impostor(region: &LabRegion) -> Result<(), Failed> {
    // Without its own, Tang makes keys that nobody knows.
    region.on("compute-2", "mkdir /root/kept && mv /var/lib/tang/region-* /root/kept")?;
    region.on(HOST, &format!("for slot in $({SLOTS}); do clevis luks unbind -f -d /dev/sdb -s $slot; done"))?;
    let bind = ["--lab", "install", "--yes", "--layer", "disks", "--host", HOST];
    let said = region.exits(FAILED, &bind)?;
    let bound = region.on(HOST, SLOTS)?;
    region.on("compute-2", "rm -f /var/lib/tang/*.jwk && mv /root/kept/* /var/lib/tang && rmdir /root/kept")?;
    want(said.contains("Unable to fetch advertisement"), || said.clone())?;
    want(bound.is_empty(), || format!("bound all the same: {bound}"))?;
    region.ok(&bind)?;
    region.ok(&PLAN).map(drop)
}

fn two_needed(region: &LabRegion) -> Result<(), Failed> {
    region.write(&region.document()?.replacen("  vpn:\n", "  encryption: {threshold: 2}\n  vpn:\n", 1))?;
    region.exits(PENDING, &PLAN)?;
    region.ok(&INSTALL)?;
    region.ok(&PLAN)?;
    let key = || region.on(HOST, &format!("clevis luks pass -d /dev/sdb -s $({SLOTS}) >/dev/null 2>&1 && echo opens || :"));
    OTHERS[1..].iter().try_for_each(|other| region.on(other, "systemctl stop tangd.socket").map(drop))?;
    let with_one = key()?;
    region.on(OTHERS[1], "systemctl start tangd.socket")?;
    let with_two = key()?;
    region.on(OTHERS[2], "systemctl start tangd.socket")?;
    want(with_one.is_empty(), || "one server opens it".into())?;
    want(with_two == "opens\n", || "two servers do not open it".into())
}

fn key_lost(region: &LabRegion) -> Result<(), Failed> {
    let folder = Lab::open(LAB).map_err(|error| error.to_string())?.folder().to_owned();
    let text = |error: std::io::Error| error.to_string();
    let (file, kept) = (folder.join("secrets.age"), folder.join("secrets.kept"));
    let plan = region.path("before.plan");
    region.ok(&[&PLAN[..], &["--out", &plan]].concat())?;
    std::fs::rename(&file, &kept).map_err(text)?;
    region.keys()?;
    let anew = std::fs::read(&file).map_err(text)?;
    let refused = [region.exits(REFUSED, &INSTALL), region.exits(REFUSED, &["--lab", "install", "--plan", &plan])];
    let untouched = std::fs::read(&file).map_err(text)? == anew;
    std::fs::rename(&kept, &file).map_err(text)?;
    for said in refused {
        let said = said?;
        want(said.contains("key-lost") && said.contains("history --fetch"), || said.clone())?;
    }
    want(untouched, || "keys that open nothing were kept".into())?;
    region.ok(&PLAN).map(drop)
}

/// A power cut, and on again.
fn again(region: &LabRegion) -> Result<(), Failed> {
    region.ok(&["lab", "power", HOST, "off", "--hard"])?;
    region.ok(&["lab", "power", HOST, "on"])?;
    until(BOOT, "the server to answer", || region.on(HOST, "true").is_ok())
}

fn healed(region: &LabRegion) -> Result<(), Failed> {
    let healed = || {
        let said = region.on("storage-2", "gluster volume heal data info summary").unwrap_or_default();
        let count = |line: &str| said.lines().filter(|found| found.trim() == line).count();
        count("Status: Connected") == 3 && count("Total Number of entries: 0") == 3
    };
    until(BOOT, "every brick to be healed", healed)
}
