//! What disturbs a run: one line per disturbance.

use std::time::Duration;

use rustix::process::Signal;

use super::ground::Ground;
use super::run::Run;
use super::second::Second;
use crate::region::{Failed, want};

/// Where a disturbance strikes.
pub struct Scene<'a> {
    /// The region.
    pub ground: &'a Ground,
    /// The host.
    pub host: &'a str,
    /// How long it lasts, where it ends by itself.
    pub lasts: Duration,
    /// The verb that runs.
    pub arguments: &'a [&'a str],
}

/// A disturbance.
pub struct Trouble {
    /// What it is called in results.
    pub name: &'static str,
    /// What it does to a run; gives what else was said.
    pub strikes: fn(&Scene<'_>, &mut Run) -> Result<String, Failed>,
    /// What is mended once the run has ended.
    pub mended: fn(&Scene<'_>) -> Result<(), Failed>,
    /// Whether it makes sense here, on a region that is or is not installed.
    pub fits: fn(&Ground, installed: bool) -> bool,
    /// Whether it always takes minutes.
    pub slow: bool,
}

/// Every disturbance.
pub static TROUBLES: &[Trouble] = &[
    Trouble { name: "the client is killed", strikes: killed, ..PLAIN },
    Trouble {
        name: "the client is frozen past its lease, and another operator takes over",
        strikes: frozen,
        slow: true,
        ..PLAIN
    },
    Trouble { name: "power is lost", strikes: power_lost, ..PLAIN },
    Trouble { name: "a reboot", strikes: rebooted, ..PLAIN },
    Trouble { name: "cut off the public network", strikes: |scene, run| cut(scene, run, "public"), ..PLAIN },
    Trouble { name: "cut off the vrack", strikes: |scene, run| cut(scene, run, "vrack"), ..PLAIN },
    Trouble {
        name: "the root disk is full",
        strikes: root_full,
        mended: root_emptied,
        fits: |ground, _| ground.own_root.is_some(),
        ..PLAIN
    },
    Trouble {
        name: "a volume is full",
        strikes: volume_full,
        mended: volume_emptied,
        fits: |ground, installed| installed && ground.has_volume(),
        ..PLAIN
    },
    Trouble { name: "the clock is an hour ahead", strikes: |scene, _| clock(scene, "+1 hour"), mended: clock_set, ..PLAIN },
    Trouble { name: "the clock is an hour behind", strikes: |scene, _| clock(scene, "-1 hour"), mended: clock_set, ..PLAIN },
];

const PLAIN: Trouble = Trouble { name: "", strikes: killed, mended: |_| Ok(()), fits: |_, _| true, slow: false };

fn nothing_said(done: Result<String, Failed>) -> Result<String, Failed> {
    done.map(|_| String::new())
}

fn killed(_: &Scene<'_>, run: &mut Run) -> Result<String, Failed> {
    run.signal(Signal::KILL).map(|()| String::new())
}

/// The run that was frozen must do no more, and say so; unless all was done before.
fn frozen(scene: &Scene<'_>, run: &mut Run) -> Result<String, Failed> {
    if run.has_ended() || run.is_over() {
        return Ok(String::new());
    }
    run.signal(Signal::STOP)?;
    let second = Second::of(scene.ground.name)?;
    let second = second.takes_over(scene.ground, scene.arguments);
    let before = scene.ground.settled();
    run.signal(Signal::CONT)?;
    let (said, taken) = second?;
    run.reaches(usize::MAX)?;
    scene.ground.becomes(&before?, "after the frozen run went on").map_err(|error| format!("{error}\n{said}"))?;
    want(!taken || !run.ended_well(), || format!("a run that was fenced off says that all is well\n{said}"))?;
    // What an operator is told to do when somebody else went on; after a reset there is nothing to fetch.
    let fetched = scene.ground.region.run(&["--lab", "history", "--fetch"])?;
    Ok(said + &String::from_utf8_lossy(&fetched.stderr))
}

fn power_lost(scene: &Scene<'_>, run: &mut Run) -> Result<String, Failed> {
    let region = &scene.ground.region;
    region.ok(&["lab", "power", scene.host, "off", "--hard"])?;
    run.goes_on(scene.lasts);
    region.ok(&["lab", "power", scene.host, "on"])?;
    booted(scene)
}

fn rebooted(scene: &Scene<'_>, _: &mut Run) -> Result<String, Failed> {
    scene.ground.region.ok(&["lab", "power", scene.host, "cycle"])?;
    booted(scene)
}

/// systemd ignores the disks in a container's fstab, so what a server mounts before glusterd starts is mounted here.
fn booted(scene: &Scene<'_>) -> Result<String, Failed> {
    let mount = r#"
new=; for point in $(findmnt --fstab --noheadings --raw --output TARGET --types xfs,ext4); do mountpoint -q "$point" || new=yes; done
[ -z "$new" ] || { mount -a -t xfs,ext4; systemctl try-restart glusterd; }
"#;
    nothing_said(scene.ground.region.on(scene.host, mount))
}

fn cut(scene: &Scene<'_>, run: &mut Run, from: &str) -> Result<String, Failed> {
    let region = &scene.ground.region;
    region.ok(&["lab", "cut", scene.host, from])?;
    run.goes_on(scene.lasts);
    nothing_said(region.ok(&["lab", "heal", scene.host, from]))
}

/// Takes all the room there is: first by size, then what is left block by block.
const FILL: &str = r#"
fallocate -l "$(($(df --output=avail -B1 "${1%/*}" | tail -n 1) * 98 / 100))" "$1" 2>/dev/null || :
cat /dev/zero >>"$1" 2>/dev/null || :
"#;

fn fill(file: &str) -> String {
    format!("timeout 120 sh -s {file} <<'END' || :\n{FILL}END\n")
}

fn root_full(scene: &Scene<'_>, _: &mut Run) -> Result<String, Failed> {
    let host = scene.ground.own_root.ok_or("no host has a root file system of its own")?;
    nothing_said(scene.ground.region.on(host, &fill("/var/tmp/full")))
}

fn root_emptied(scene: &Scene<'_>) -> Result<(), Failed> {
    let host = scene.ground.own_root.ok_or("no host has a root file system of its own")?;
    scene.ground.region.on(host, "rm -f /var/tmp/full").map(drop)
}

/// Through the mount, as a client does it.
fn volume_full(scene: &Scene<'_>, _: &mut Run) -> Result<String, Failed> {
    let fill = format!("mountpoint -q /srv/data || exit 0\n{}", fill("/srv/data/full"));
    nothing_said(scene.ground.region.on(scene.host, &fill))
}

/// Where a reset has unmounted it, the file is still on the bricks: it goes before data is written the next time.
fn volume_emptied(scene: &Scene<'_>) -> Result<(), Failed> {
    scene.ground.region.on(scene.host, "! mountpoint -q /srv/data || timeout 120 rm -f /srv/data/full").map(drop)
}

/// A container's clock is the machine's, so a `date` that is wrong by an hour stands in for it: what runs on a host by SSH reads
/// the time with it. What reads the clock in another way sees the right time.
fn clock(scene: &Scene<'_>, by: &str) -> Result<String, Failed> {
    let date = format!(
        r#"cat >/usr/local/bin/date.new <<'END'
#!/bin/sh
case " $* " in *' -d'*|*' --date'*|*' -r'*|*' -f'*|*' -s'*) exec /usr/bin/date "$@";; esac
exec /usr/bin/date --date='{by}' "$@"
END
chmod 0755 /usr/local/bin/date.new && mv /usr/local/bin/date.new /usr/local/bin/date"#
    );
    nothing_said(scene.ground.region.on(scene.host, &date))
}

fn clock_set(scene: &Scene<'_>) -> Result<(), Failed> {
    scene.ground.region.on(scene.host, "rm -f /usr/local/bin/date").map(drop)
}
