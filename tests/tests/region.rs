//! The first region, from four fresh servers to a reset, on real lab hosts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::zombie_processes)]

use regionctl_plan::What;
use regionctl_tests::outside::Outside;
use regionctl_tests::properties::same;
use regionctl_tests::reach;
use regionctl_tests::region::{Failed, LabRegion, done, planned, until, want};

fn step(name: &str) {
    eprintln!("region: {name}");
}

#[test]
fn the_first_region() {
    if let Err(failed) = story() {
        panic!("{failed}");
    }
}

fn story() -> Result<(), Failed> {
    let region = LabRegion::up("story")?;
    let fresh = region.states()?;
    first_install(&region)?;
    second_run(&region)?;
    reached(&region)?;
    encrypted(&region)?;
    renewed(&region)?;
    drifted(&region)?;
    powered_off(&region)?;
    storage_lost(&region)?;
    reset(&region, &fresh)?;
    Ok(())
}

type States = std::collections::BTreeMap<&'static str, String>;

fn first_install(region: &LabRegion) -> Result<(), Failed> {
    step("the first install does what the plan showed");
    region.ok(&["--lab", "preflight"])?;
    let plan = region.plan("first.plan")?;
    let file = region.path("first.plan");
    region.ok(&["--lab", "install", "--plan", &file, "--events", &region.path("first.ndjson")])?;
    let done = done(&region.events("first.ndjson")?);
    want(done == planned(&plan), || format!("planned {:#?}\ndone {done:#?}", planned(&plan)))
}

fn second_run(region: &LabRegion) -> Result<(), Failed> {
    step("a second plan is empty, and files are shared");
    region.ok(&["--lab", "plan", "--exit-code"])?;
    region.on("compute-1", "echo hello >/srv/data/word && sync /srv/data/word")?;
    let read = region.on("compute-2", "cat /srv/data/word")?;
    want(read == "hello\n", || format!("compute-2 reads {read:?}"))?;
    let history = region.ok(&["--lab", "history"])?;
    want(history.contains("install"), || format!("no install in the history:\n{history}"))
}

fn reached(region: &LabRegion) -> Result<(), Failed> {
    step("all that listens is known, servers reach what they need, and a stranger on the vrack gets names only");
    let known = |ports: fn(&regionctl_roles::Ports) -> &'static [(u16, u16)], port: u16| {
        let ranges = regionctl_roles::LISTENERS.iter().flat_map(|listener| ports(&listener.ports));
        ranges.into_iter().any(|(first, last)| (*first..=*last).contains(&port))
    };
    let stranger = Outside::of("story")?;
    stranger.joins_the_vrack("10.90.0.250/24")?;
    for (host, address) in [("compute-1", "10.90.0.11"), ("compute-2", "10.90.0.12"), ("storage-1", "10.90.0.13")] {
        let (tcp, udp) = reach::listening(region, host)?;
        let unknown: Vec<_> = tcp.iter().filter(|port| !known(|ports| ports.tcp, **port)).collect();
        want(unknown.is_empty(), || format!("{host} listens at TCP {unknown:?}"))?;
        let unknown: Vec<_> = udp.iter().filter(|port| !known(|ports| ports.udp, **port)).collect();
        want(unknown.is_empty(), || format!("{host} listens at UDP {unknown:?}"))?;
        let open = reach::knock(address, &tcp, |script| region.on("storage-2", script))?;
        want(open == tcp, || format!("storage-2 reaches {open:?} of {tcp:?} at {host}"))?;
        let open = reach::knock(address, &tcp, |script| stranger.run(&["sh", "-c", script]))?;
        want(open == [53].into(), || format!("a stranger reaches {open:?} of {tcp:?} at {host}"))?;
    }
    want(reach::listening(region, "storage-1")?.0.contains(&24007), || "no glusterd listens".into())?;
    for host in ["compute-1", "storage-1", "storage-2"] {
        region.on(host, "grep -aq 'geo-replication module not installed' /var/log/glusterfs/glusterd.log")?;
    }
    stranger.leaves_the_vrack("10.90.0.250/24")
}

fn encrypted(region: &LabRegion) -> Result<(), Failed> {
    step("what is written passes encrypted, and a volume is mounted with a certificate for it only");
    let file = "f0f0 in a file f0f0";
    let aloud = "1e1e to a port 1e1e";
    let heard = Outside::of("story")?.hears(&[file, aloud], || {
        region.on("compute-2", &format!("echo '{file}' >/srv/data/secret && sync /srv/data/secret"))?;
        region.on("compute-2", &format!("bash -c \"echo '{aloud}' >/dev/udp/10.90.0.13/9\"")).map(drop)
    })?;
    want(heard == [aloud], || format!("heard on the vrack: {heard:?}"))?;
    let mount =
        "mkdir -p /mnt/try; timeout 60 mount -t glusterfs -o log-file=/tmp/try storage-1:/data /mnt/try && umount /mnt/try";
    region.on("compute-2", mount)?;
    // This one has Debian 12, which looks there for certificates; the VPN's are by another authority of the region.
    let own = "/usr/lib/ssl/glusterfs";
    let vpn = "/etc/openvpn/server/region";
    let others = format!(
        "for kind in ca pem key; do mv {own}.$kind {own}.$kind.own; done
cp {vpn}-ca.crt {own}.ca; cp {vpn}-server.crt {own}.pem; cp {vpn}-server.key {own}.key"
    );
    let back = format!("for kind in ca pem key; do mv {own}.$kind.own {own}.$kind; done");
    let switch = "/var/lib/glusterd/secure-access";
    let tricks = [
        ("no certificate", format!("mv {own}.pem {own}.pem.own"), format!("mv {own}.pem.own {own}.pem")),
        ("certificates of another authority", others, back),
        ("no TLS", format!("mv {switch} {switch}.own"), format!("mv {switch}.own {switch}")),
    ];
    for (what, before, after) in tricks {
        let said = region.on("compute-2", &format!("{before}\n({mount}) >/dev/null 2>&1 && echo mounted\n{after}"))?;
        want(said.is_empty(), || format!("a volume is mounted with {what}"))?;
    }
    region.on("compute-2", &format!("{mount}; rm -r /srv/data/secret /mnt/try"))?;
    region.ok(&["--lab", "plan", "--exit-code"]).map(drop)
}

/// The numbers of the certificates that glusterd and the bricks of a host show.
fn shown(region: &LabRegion, host: &str) -> Result<Vec<String>, Failed> {
    let ports =
        r#"ss -Hlnt | awk '{ sub(/.*:/, "", $4); port = $4 + 0; if (port == 24007 || port >= 49152) print port }' | sort -u"#;
    let ports = region.on(host, ports)?;
    let show = ports.split_whitespace().map(|port| {
        format!("timeout 20 openssl s_client -connect {host}:{port} </dev/null 2>/dev/null | openssl x509 -noout -serial\n")
    });
    let serials = region.on("compute-2", &show.collect::<String>())?;
    let serials: Vec<_> = serials.lines().map(str::to_owned).collect();
    want(serials.len() >= 2, || format!("{host} shows {serials:?}"))?;
    Ok(serials)
}

fn renewed(region: &LabRegion) -> Result<(), Failed> {
    step("an authority and its certificates are replaced while a client writes, and nothing stops or starts for it");
    let running = |host| region.on(host, "ps -C glusterd,glusterfsd,glusterfs -o pid=,comm= | sort");
    let processes = || LabRegion::HOSTS.map(running).into_iter().collect::<Result<Vec<_>, _>>();
    let (before, old) = (processes()?, shown(region, "storage-1")?);
    write(region)?;
    region.ok(&["--lab", "secrets", "renew", "gluster/ca"])?;
    region.ok(&["--lab", "install", "--yes"])?;
    // A client that writes leaves nothing to do: Gluster names what is only just being written, too.
    for _ in 0..10 {
        region.ok(&["--lab", "plan", "--exit-code"])?;
    }
    region.ok(&["--lab", "status", "--exit-code"])?;
    let after = processes()?;
    want(before == after, || format!("before {before:?}\nafter {after:?}"))?;
    let new = shown(region, "storage-1")?;
    want(new.iter().all(|serial| !old.contains(serial)), || format!("storage-1 shows {new:?}, and did {old:?}"))?;
    step("and all find each other with the new ones");
    region.on("storage-1", "pkill -9 glusterfsd; systemctl restart glusterd && gluster volume start data force")?;
    written(region, 50)?;
    stop_writing(region)?;
    let failed = region.on("compute-2", "cat /tmp/failed")?;
    want(failed.is_empty(), || format!("not written: {failed}"))?;
    healed(region)
}

fn drifted(region: &LabRegion) -> Result<(), Failed> {
    step("a plan file is refused after a host drifted");
    let file = "/etc/apt/apt.conf.d/52regionctl-unattended-upgrades";
    region.on("storage-1", &format!("chmod 0600 {file}"))?;
    let plan = region.plan("drift.plan")?;
    want(plan.changes().count() == 1, || format!("{} changes are planned", plan.changes().count()))?;
    region.on("storage-1", &format!("echo '// by hand' >>{file}"))?;
    let before = region.state("storage-1")?;
    let refused = region.exits(9, &["--lab", "install", "--plan", &region.path("drift.plan")])?;
    want(refused.contains(file), || refused.clone())?;
    same(&before, &region.state("storage-1")?, "after a refused plan")?;
    region.exits(2, &["--lab", "plan", "--exit-code"])?;
    region.ok(&["--lab", "install", "--yes"])?;
    region.ok(&["--lab", "plan", "--exit-code"])?;
    Ok(())
}

fn powered_off(region: &LabRegion) -> Result<(), Failed> {
    step("a host is powered off in the middle of an install");
    let partly = ["--lab", "reset", "--yes", "--layer", "base", "--host", "storage-2"];
    region.ok(&partly)?;
    region.ok(&["--lab", "install", "--yes"])?;
    let undisturbed = region.states()?;
    region.ok(&partly)?;
    let events = region.path("off.ndjson");
    let mut run = region.start(&["--lab", "install", "--yes", "--events", &events])?;
    let on_it = |event: &regionctl_plan::Event| matches!(&event.what, What::ChangeStarted { host, id, .. } if host == "storage-2" && id.kind == "package");
    until(120, "storage-2 to install packages", || region.events("off.ndjson").is_ok_and(|events| events.iter().any(on_it)))?;
    region.ok(&["lab", "power", "storage-2", "off", "--hard"])?;
    let status = run.wait().map_err(|error| error.to_string())?;
    want(!status.success(), || "the run took no notice".into())?;
    region.ok(&["lab", "power", "storage-2", "on"])?;
    region.ok(&["--lab", "install", "--yes"])?;
    region.ok(&["--lab", "plan", "--exit-code"])?;
    healed(region)?;
    for (host, state) in &undisturbed {
        same(state, &region.state(host)?, &format!("{host}, powered off in the middle, compared with an undisturbed install"))?;
    }
    Ok(())
}

fn healed(region: &LabRegion) -> Result<(), Failed> {
    let healed = |region: &LabRegion| {
        let info = region.on("storage-1", "gluster volume heal data info summary");
        info.is_ok_and(|info| {
            let pending: Vec<_> = info.lines().filter(|line| line.starts_with("Total Number of entries")).collect();
            pending.len() == 3 && pending.iter().all(|line| line.ends_with(": 0"))
        })
    };
    until(180, "the volume to heal", || healed(region))
}

/// One numbered line per file, its checksum beside it; ends when `stop` appears.
const WRITER: &str = r#"
mkdir -p /srv/data/load; rm -f /tmp/stop /tmp/sums; : >/tmp/failed; i=0
while [ ! -e /tmp/stop ]; do
  i=$((i + 1))
  head -c 20000 /dev/urandom >/tmp/block
  if cp /tmp/block /srv/data/load/$i && sync /srv/data/load/$i
  then sha256sum </tmp/block | sed "s#-#/srv/data/load/$i#" >>/tmp/sums
  else echo $i >>/tmp/failed
  fi
done
"#;

/// Lets compute-2 write until it is told to stop.
fn write(region: &LabRegion) -> Result<(), Failed> {
    let start = format!("cat >/tmp/writer <<'END'\n{WRITER}\nEND\nsystemd-run --quiet --unit writer sh /tmp/writer");
    region.on("compute-2", &start)?;
    written(region, 20)
}

/// Waits for so many more files.
fn written(region: &LabRegion, more: usize) -> Result<(), Failed> {
    let count = || {
        region.on("compute-2", "cat /tmp/sums 2>/dev/null | wc -l")?.trim().parse::<usize>().map_err(|error| error.to_string())
    };
    let before = count()?;
    until(120, &format!("{more} more files"), || count().is_ok_and(|count| count >= before + more))
}

fn stop_writing(region: &LabRegion) -> Result<(), Failed> {
    region.on("compute-2", "touch /tmp/stop; until ! systemctl is-active -q writer; do sleep 0.2; done").map(drop)
}

fn storage_lost(region: &LabRegion) -> Result<(), Failed> {
    step("a storage server is lost while a client writes");
    write(region)?;
    region.ok(&["lab", "power", "storage-2", "off", "--hard"])?;
    written(region, 50)?;
    region.ok(&["lab", "power", "storage-2", "on"])?;
    written(region, 30)?;
    stop_writing(region)?;
    region.ok(&["--lab", "install", "--yes"])?;
    healed(region)?;
    let sums = region.on("compute-2", "cat /tmp/sums")?;
    region.on("compute-1", &format!("sha256sum --quiet -c - <<'END'\n{sums}END"))?;
    let brick = "cd /srv/bricks/data/data && find . -name .glusterfs -prune -o -type f -print0 | sort -z | xargs -0 sha256sum";
    same(&region.on("storage-1", brick)?, &region.on("storage-2", brick)?, "the bricks compared")
}

fn reset(region: &LabRegion, fresh: &States) -> Result<(), Failed> {
    step("reset gives the servers back, and a new install finds the data");
    region.ok(&["--lab", "reset", "--yes"])?;
    for (host, state) in fresh {
        same(state, &region.state(host)?, &format!("{host} after reset"))?;
    }
    region.ok(&["--lab", "install", "--yes"])?;
    region.ok(&["--lab", "plan", "--exit-code"])?;
    let read = region.on("compute-2", "cat /srv/data/word")?;
    want(read == "hello\n", || format!("compute-2 reads {read:?} after a reset and a new install"))?;
    step("reset wipes the disks it is told to, also those whose file system was found and not made");
    let holds = |host: &str| region.on(host, "blkid -p -o value -s TYPE /dev/sdb || [ $? = 2 ]");
    let unknown = region.exits(64, &["--lab", "reset", "--yes", "--wipe", "storage-1:date"])?;
    want(unknown.contains("`data`"), || unknown.clone())?;
    region.ok(&["--lab", "reset", "--yes", "--wipe", "storage-1:data"])?;
    want(holds("storage-1")?.is_empty(), || "storage-1:data was not wiped".into())?;
    want(holds("storage-2")? == "xfs\n", || "storage-2:data was wiped too".into())?;
    region.ok(&["--lab", "reset", "--yes", "--wipe", "storage-2:data"])?;
    want(holds("storage-2")?.is_empty(), || "storage-2:data was not wiped by a second reset".into())
}
