//! A brick is damaged, a copy cannot be made, a volume becomes full: every run ends, and says why.

use std::collections::BTreeSet;

use regionctl_tests::region::{Failed, LabRegion, until, want};
use regionctl_tests::suite::Suite;

use crate::{HOST, REFUSED};

/// See the module.
pub fn all(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up("full")?;
    region.ok(&["--lab", "install", "--yes"])?;
    suite.step("a damaged brick is refused by name, and made anew with `--wipe`", || damaged(&region));
    suite.step("a brick that goes away ends the wait for its copies", || away(&region));
    suite.step("a full volume is told, and heals once there is room", || full(&region));
    Ok(())
}

fn damaged(region: &LabRegion) -> Result<(), Failed> {
    region.on("compute-2", "mkdir /srv/data/d; for i in 1 2 3; do echo $i >/srv/data/d/$i; done; sync")?;
    region.on("storage-2", "rm -rf /srv/bricks/data/data/.glusterfs; systemctl restart glusterd")?;
    region.on("compute-2", "echo late >/srv/data/d/1; sync")?;
    let said = region.exits(REFUSED, &["--lab", "disk", "replace", "storage-2:data", "--yes"])?;
    want(said.contains("brick-damaged") && said.contains("--wipe"), || said.clone())?;
    let said = region.exits(HOST, &["--lab", "install", "--yes"])?;
    want(said.contains("disk replace storage-2:data --wipe"), || said.clone())?;
    region.ok(&["--lab", "disk", "replace", "storage-2:data", "--yes", "--wipe"])?;
    region.ok(&["--lab", "plan", "--exit-code"])?;
    region.on("storage-2", "[ \"$(cat /srv/bricks/data/data/d/1)\" = late ]").map(drop)
}

/// Content that must be copied is held back by a brick that is stopped as soon as the wait has begun.
fn away(region: &LabRegion) -> Result<(), Failed> {
    region.on("storage-2", "pkill -f -- '--brick-name /srv/bricks/data/dat[a]'")?;
    region.on("compute-2", "for i in $(seq 50); do head -c 8000000 /dev/urandom >/srv/data/big-$i; done; sync")?;
    let said = std::thread::scope(|scope| {
        let run = scope.spawn(|| region.exits(HOST, &["--lab", "install", "--yes"]));
        until(60, "the brick to be served again", || {
            region.on("storage-2", "pgrep -f -- '--brick-name /srv/bricks/data/dat[a]'").is_ok()
        })?;
        region.on("storage-2", "pkill -f -- '--brick-name /srv/bricks/data/dat[a]'")?;
        run.join().map_err(|_| "the run ended in a panic")?
    })?;
    want(said.contains("away") && said.contains("storage-2:/srv/bricks/data/data"), || said.clone())?;
    region.ok(&["--lab", "install", "--yes"])?;
    region.ok(&["--lab", "plan", "--exit-code"]).map(drop)
}

/// What a client is told of a file whose last write failed on both data bricks: nobody can remove it through a mount, and no wait
/// heals it.
const NO_GOOD_COPY: &str = "Transport endpoint is not connected";

/// How long a run goes on when no file is healed, and what it takes before and after, in seconds.
const NOTHING_HEALED: u64 = 300 + 120;

/// Does what a run says of files without a good copy, where it says it.
fn as_said(region: &LabRegion, said: &str) -> Result<(), Failed> {
    let commands: BTreeSet<_> = said.lines().filter_map(|line| Some(&line[line.find("setfattr -n ")?..])).collect();
    want(said.contains("no good copy is left") && !commands.is_empty(), || said.to_owned())?;
    commands.into_iter().try_for_each(|command| region.on("compute-1", command).map(drop))
}

/// Space that is only reserved fills as fast as written. A brick without any room may stop itself, and then even removing
/// files fails until it is served again.
fn full(region: &LabRegion) -> Result<(), Failed> {
    let room = "df -B1 --output=avail /srv/data | tail -n 1";
    region.on("compute-2", &format!("fallocate -l $(( $({room}) * 96 / 100 )) /srv/data/filler"))?;
    let said = region.exits(2, &["--lab", "status", "--exit-code"])?;
    want(said.contains("/srv/bricks/data") && said.contains("full"), || said.clone())?;
    region.on("compute-2", "for i in 1 2 3 4 5 6; do head -c 40000000 /dev/zero >/srv/data/last-$i || :; done; sync || :")?;
    let remove = "rm -f /srv/data/filler /srv/data/last-* /srv/data/big-*";
    let remove = || region.on("compute-2", remove).map(drop);
    let said = std::thread::scope(|scope| {
        let run = scope.spawn(|| region.run(&["--lab", "install", "--yes"]));
        let mut why = String::new();
        let removed = until(120, "the client to remove files", || remove().map_err(|error| why = error).is_ok());
        let lost = removed.is_err() && why.contains(NO_GOOD_COPY);
        if !lost {
            removed.map_err(|late| format!("{late}: {why}\n{}", told(region)))?;
        }
        until(if lost { NOTHING_HEALED } else { 180 }, "the run to end", || run.is_finished())?;
        let ended = run.join().map_err(|_| "the run ended in a panic")??;
        Ok::<_, Failed>(lost.then(|| String::from_utf8_lossy(&ended.stderr).into_owned()))
    })?;
    if let Some(said) = said {
        as_said(region, &said)?;
        until(60, "the client to remove files", || remove().is_ok())?;
    }
    region.ok(&["--lab", "install", "--yes"])?;
    let well = || region.ok(&["--lab", "status", "--exit-code"]).is_ok();
    until(120, "a volume that has nothing to heal", well)
}

/// What the servers say of their bricks, for a step that failed.
fn told(region: &LabRegion) -> String {
    let ask = "df -k /srv/bricks/*; pgrep -af glusterfsd; gluster volume status data; gluster volume heal data info summary; \
               tail -n 15 /var/log/glusterfs/bricks/*.log; journalctl -n 20 --no-pager -u 'regionctl*'";
    let said = |host: &str| region.on(host, &format!("{ask}; :")).unwrap_or_else(|error| error);
    let hosts = ["compute-1", "storage-1", "storage-2"].map(|host| format!("{host}:\n{}", said(host)));
    format!(
        "{}\ncompute-2:\n{}",
        hosts.join("\n"),
        region.on("compute-2", "tail -n 30 /var/log/glusterfs/srv-data.log; :").unwrap_or_default()
    )
}
