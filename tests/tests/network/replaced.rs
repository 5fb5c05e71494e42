//! A data disk fails while a client writes, and is replaced.

use std::path::{Path, PathBuf};
use std::process::Command;

use regionctl_plan::{Event, Id, What};
use regionctl_tests::place::lab_folder;
use regionctl_tests::properties::same;
use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

const LAB: &str = "disk";

/// See the module.
pub fn disk(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up(LAB)?;
    region.ok(&["--lab", "install", "--yes"])?;
    let disk = LabDisk::of("storage-2", "sdb")?;
    suite.step("the disks are listed", || listed(&region));
    suite.step("a disk that is well is left alone", || nothing_to_replace(&region));
    suite.step("a disk fails while a client writes, and is replaced under load", || fails_and_is_replaced(&region, &disk));
    suite.step("a disk is exchanged while its server is off", || exchanged_while_off(&region, &disk));
    suite.step("a disk that works is wiped; the run is killed at each of its changes, and run again", || {
        wiped_and_killed(&region)
    });
    suite.step("a disk is not replaced while another copy is away, nor by one that holds something", || refused(&region));
    Ok(())
}

/// The loop device and the file that play a disk.
struct LabDisk {
    file: PathBuf,
    bytes: u64,
}

impl LabDisk {
    fn of(host: &str, disk: &str) -> Result<Self, Failed> {
        let file = lab_folder(LAB).join("hosts").join(host).join("disks").join(disk);
        let bytes = file.metadata().map_err(|error| format!("{}: {error}", file.display()))?.len();
        Ok(Self { file, bytes })
    }

    /// Every read and write fails from now on: the device has no sectors any more.
    fn fail(&self) -> Result<(), Failed> {
        self.resize(0)
    }

    /// A new disk, with the same name and nothing on it, also in the machine's memory.
    fn renew(&self) -> Result<(), Failed> {
        self.resize(0)?;
        self.resize(self.bytes)?;
        let attached = losetup(&["--list", "--noheadings", "--output", "NAME", "--associated"], &self.file)?;
        for device in attached.split_whitespace() {
            let flushed = Command::new("blockdev").args(["--flushbufs", device]).status().map_err(|error| error.to_string())?;
            want(flushed.success(), || format!("blockdev --flushbufs {device}"))?;
        }
        Ok(())
    }

    /// What is written between the file's change and the device's makes the file longer again.
    fn resize(&self, bytes: u64) -> Result<(), Failed> {
        until(20, &format!("the disk to have {bytes} bytes"), || self.try_to_resize(bytes) == Ok(true))
    }

    fn try_to_resize(&self, bytes: u64) -> Result<bool, Failed> {
        let file = std::fs::File::options().write(true).open(&self.file).map_err(|error| error.to_string())?;
        file.set_len(bytes).map_err(|error| error.to_string())?;
        let attached = losetup(&["--list", "--noheadings", "--output", "NAME", "--associated"], &self.file)?;
        for device in attached.split_whitespace() {
            losetup(&["--set-capacity"], Path::new(device))?;
            let sectors = std::fs::read_to_string(format!("/sys/block/{}/size", device.trim_start_matches("/dev/")));
            if sectors.map_err(|error| error.to_string())?.trim() != (bytes / 512).to_string() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn losetup(options: &[&str], on: &Path) -> Result<String, Failed> {
    let output = Command::new("losetup").args(options).arg(on).output().map_err(|error| error.to_string())?;
    want(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn listed(region: &LabRegion) -> Result<(), Failed> {
    let listed = region.ok(&["--lab", "disk", "list"])?;
    for disk in ["compute-1:arbiter", "storage-1:data", "storage-2:data", "data at /srv/bricks/data", "xfs", "unknown", "well"] {
        want(listed.contains(disk), || format!("no `{disk}` in\n{listed}"))?;
    }
    let json = region.run(&["--lab", "disk", "list", "-o", "json"])?;
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).map_err(|error| error.to_string())?;
    want(json["disks"].as_array().is_some_and(|disks| disks.len() == 3), || json.to_string())
}

fn nothing_to_replace(region: &LabRegion) -> Result<(), Failed> {
    let said = region.ok(&["--lab", "disk", "replace", "storage-2:data", "--yes"])?;
    want(said.contains("nothing to do"), || said.clone())
}

/// A file at a time with its checksum kept apart, at a pace that leaves time for healing; ends when `stop` appears.
const WRITER: &str = r#"
mkdir -p /srv/data/load; i=$(cat /tmp/number 2>/dev/null || echo 0)
while [ ! -e /tmp/stop ]; do
  i=$((i + 1)); echo "$i" >/tmp/number
  head -c 20000 /dev/urandom >/tmp/block
  if cp /tmp/block /srv/data/load/$i && sync /srv/data/load/$i; then sha256sum </tmp/block | sed "s#-#/srv/data/load/$i#" >>/tmp/sums; fi
  sleep 0.2
done
"#;

fn start_writing(region: &LabRegion) -> Result<(), Failed> {
    let start =
        format!("rm -f /tmp/stop; cat >/tmp/writer <<'END'\n{WRITER}\nEND\nsystemd-run --quiet --unit writer sh /tmp/writer");
    region.on("compute-2", &start)?;
    writes_on(region)
}

fn written(region: &LabRegion) -> Option<usize> {
    region.on("compute-2", "wc -l </tmp/sums 2>/dev/null || echo 0").ok()?.trim().parse().ok()
}

fn writes_on(region: &LabRegion) -> Result<(), Failed> {
    let before = written(region).unwrap_or(0);
    until(90, "the client to write on", || written(region).is_some_and(|now| now > before + 30))
}

fn stop_writing(region: &LabRegion) -> Result<(), Failed> {
    region.on("compute-2", "touch /tmp/stop")?;
    until(60, "the writer to end", || region.on("compute-2", "! systemctl is-active -q writer").is_ok())
}

/// Nothing is lost, both copies are the same, and nothing is left to do.
fn all_is_well(region: &LabRegion) -> Result<(), Failed> {
    region.on("compute-2", "cp /tmp/sums /srv/data/sums && sync /srv/data/sums")?;
    region.on("compute-1", "sha256sum --quiet -c /srv/data/sums")?;
    let brick = "cd /srv/bricks/data/data && find . -name .glusterfs -prune -o -type f -print0 | sort -z | xargs -0 sha256sum";
    let healed = || region.on("storage-1", "gluster volume heal data statistics heal-count | grep -c '^Number of entries: 0$'");
    until(120, "the volume to be healed", || healed().is_ok_and(|bricks| bricks.trim() == "3"))?;
    same(&region.on("storage-1", brick)?, &region.on("storage-2", brick)?, "the bricks compared")?;
    region.ok(&["--lab", "plan", "--exit-code"]).map(drop)
}

fn fails_and_is_replaced(region: &LabRegion, disk: &LabDisk) -> Result<(), Failed> {
    start_writing(region)?;
    disk.fail()?;
    writes_on(region)?;
    // Gluster looks at its file systems every 30 s.
    let gone = "! pgrep -f -- '--brick-name /srv/bricks/data/dat[a]'";
    until(120, "Gluster to give the brick up", || region.on("storage-2", gone).is_ok())?;
    for verb in [&["--lab", "disk", "list"][..], &["--lab", "status"]] {
        let said = region.ok(verb)?;
        want(said.contains("`/dev/sdb` cannot be read"), || said.clone())?;
    }
    let refused = region.exits(9, &["--lab", "disk", "replace", "storage-2:data", "--yes"])?;
    want(refused.contains("disk-absent"), || refused.clone())?;
    disk.renew()?;
    let said = region.ok(&["--lab", "disk", "replace", "storage-2:data", "--yes", "--events", &region.path("replace.ndjson")])?;
    let events = region.events("replace.ndjson")?;
    let done =
        |name: &str| events.iter().any(|event| matches!(&event.what, What::ChangeDone { id, .. } if id.name.contains(name)));
    for name in ["is let go", "/dev/sdb", "is a brick of data", "is copied"] {
        want(done(name), || format!("nothing done of `{name}`:\n{said}"))?;
    }
    writes_on(region)?;
    stop_writing(region)?;
    all_is_well(region)?;
    let history = region.ok(&["--lab", "history"])?;
    want(history.contains("disk replace"), || history.clone())
}

fn exchanged_while_off(region: &LabRegion, disk: &LabDisk) -> Result<(), Failed> {
    start_writing(region)?;
    region.ok(&["lab", "power", "storage-2", "off"])?;
    disk.renew()?;
    writes_on(region)?;
    let unknown = region.exits(4, &["--lab", "disk", "replace", "storage-1:data", "--yes", "--wipe"])?;
    want(unknown.contains("storage-2"), || unknown.clone())?;
    region.ok(&["lab", "power", "storage-2", "on"])?;
    let told = region.exits(5, &["--lab", "install", "--yes"])?;
    want(told.contains("regionctl disk replace storage-2:data"), || told.clone())?;
    region.ok(&["--lab", "disk", "replace", "storage-2:data", "--yes"])?;
    stop_writing(region)?;
    all_is_well(region)
}

fn wiped_and_killed(region: &LabRegion) -> Result<(), Failed> {
    let identity = || region.on("storage-2", "blkid -p -o value -s UUID /dev/sdb");
    let before = identity()?;
    for (round, kind) in ["is wiped of", "filesystem:", "mount:", "is a brick of data"].into_iter().enumerate() {
        let file = format!("killed-{round}.ndjson");
        let events = region.path(&file);
        let mut arguments = vec!["--lab", "disk", "replace", "storage-2:data", "--yes", "--events", &events];
        arguments.extend((round == 0).then_some("--wipe"));
        let mut run = region.start(&arguments)?;
        // What the run before was doing went on without it: one that copies already has nothing of this kind left to do.
        let is_kind = |id: &Id| [kind, "is copied"].iter().any(|part| id.to_string().contains(part));
        let begun = |event: &Event| matches!(&event.what, What::ChangeStarted { id, .. } if is_kind(id));
        until(120, kind, || {
            region.events(&file).is_ok_and(|events| events.iter().any(begun)) || run.try_wait().is_ok_and(|ended| ended.is_some())
        })?;
        let _ = run.kill();
        run.wait().map_err(|error| error.to_string())?;
    }
    // What the last one was doing goes on for a moment, and a plan made meanwhile is refused.
    until(60, "a run to its end", || region.ok(&["--lab", "disk", "replace", "storage-2:data", "--yes"]).is_ok())?;
    all_is_well(region)?;
    want(identity()? != before, || "the disk was not wiped".into())
}

fn refused(region: &LabRegion) -> Result<(), Failed> {
    region.on("storage-1", "pkill -f -- '--brick-name /srv/bricks/data/dat[a]'")?;
    let said = region.exits(9, &["--lab", "disk", "replace", "storage-2:data", "--yes", "--wipe"])?;
    want(said.contains("brick-away"), || said.clone())?;
    region.on("compute-2", "echo late >/srv/data/late; sync /srv/data/late")?;
    region.ok(&["--lab", "install", "--yes"])?;
    region.ok(&["--lab", "plan", "--exit-code"])?;
    region.on("storage-2", "gluster --mode=script volume reset-brick data storage-2:/srv/bricks/data/data start")?;
    region.on("storage-2", "umount /srv/bricks/data && wipefs -qa /dev/sdb && mkfs.ext4 -q -L photos /dev/sdb")?;
    let said = region.exits(9, &["--lab", "disk", "replace", "storage-2:data", "--yes"])?;
    want(said.contains("disk-not-blank"), || said.clone())?;
    region.ok(&["--lab", "disk", "replace", "storage-2:data", "--yes", "--wipe"])?;
    all_is_well(region)
}
