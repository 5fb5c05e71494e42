//! Plans and journals for the golden tests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use regionctl_plan::{
    Certainty, Change, Event, Fields, Finding, HostStage, Id, PLAN_FORMAT, Plan, Resource, Severity, Stage, What, diff, rfc3339,
    sha256,
};
use serde_json::json;

/// Somebody whose key opens secrets.
pub const RECIPIENT: &str = "age17dr0sf8xfwurufk5jlcjc737p85e3j3wz7yl3g8zwr5au98ulf4s6dqhrr";

fn file(path: &str, content: &str) -> Resource {
    let file = Resource::present("file", path).field("content", content).field("mode", "0644");
    file.field("owner", "root").field("group", "root")
}

fn chrony() -> Resource {
    file(
        "/etc/chrony/chrony.conf",
        "# managed by regionctl\nserver 10.0.0.1 iburst\nserver 10.0.0.2 iburst\ndriftfile /var/lib/chrony/drift\nmakestep 1 3\nrtcsync\nlogdir /var/log/chrony\nleapsectz right/UTC\n",
    )
}

fn base() -> Vec<Resource> {
    vec![
        Resource::present("package", "chrony").field("status", "installed"),
        chrony(),
        Resource::present("unit", "chrony.service").field("enabled", true).field("active", true),
    ]
}

fn gluster(host: &str) -> Vec<Resource> {
    let volume = Resource::present("gluster-volume", "shared")
        .field("bricks", json!(["storage-1:/srv/bricks/shared", "storage-2:/srv/bricks/shared", "compute-1:/srv/bricks/shared"]))
        .field("options", json!({"performance.client-io-threads": "off"}))
        .wait("storage-2", Id::new("directory", "/srv/bricks/shared"));
    let brick = Resource::present("filesystem", "/dev/vdb").field("type", "xfs").field("label", "bricks");
    let peer = Resource::present("gluster-peer", "storage-2").field("state", "connected");
    if host == "storage-1" { vec![brick, peer, volume] } else { vec![brick] }
}

fn stage(
    layer: &str,
    hosts: &[&str],
    wanted: impl Fn(&str) -> Vec<Resource>,
    have: impl Fn(&str, &Resource) -> Option<Fields>,
) -> Stage {
    let on = |host: &str| {
        let wanted = wanted(host);
        let changes = wanted.iter().filter_map(|resource| diff(resource, have(host, resource).as_ref())).collect();
        (host.to_owned(), HostStage { wanted, changes })
    };
    Stage { layer: layer.to_owned(), hosts: hosts.iter().map(|host| on(host)).collect::<BTreeMap<_, _>>() }
}

fn plan(stages: Vec<Stage>, parent: Option<u64>) -> Plan {
    Plan {
        format: PLAN_FORMAT,
        id: String::new(),
        region: "demo".into(),
        release: "2026.11".into(),
        parent,
        inventory: sha256(b"demo"),
        stages,
        findings: Vec::new(),
        notes: Vec::new(),
    }
}

fn edit(plan: &mut Plan, layer: &str, host: &str, id: &str, how: impl Fn(&mut Change)) {
    let stages = plan.stages.iter_mut().filter(|stage| stage.layer == layer);
    let changes = stages.filter_map(|stage| stage.hosts.get_mut(host)).flat_map(|on| &mut on.changes);
    changes.filter(|change| change.id().to_string() == id).for_each(how);
}

/// Three hosts with nothing on them.
pub fn first() -> Plan {
    let hosts = ["compute-1", "storage-1", "storage-2"];
    let nothing = |_: &str, _: &Resource| None;
    let gluster = stage("gluster", &["storage-1", "storage-2"], gluster, nothing);
    let mut plan = plan(vec![stage("base", &hosts, |_| base(), nothing), gluster], None);
    for host in ["storage-1", "storage-2"] {
        edit(&mut plan, "gluster", host, "filesystem:/dev/vdb", |change| {
            change.no_undo = Some("what was on the disk is gone".into());
        });
    }
    edit(&mut plan, "gluster", "storage-1", "gluster-volume:shared", |change| {
        change.certainty = Certainty::Deferred("the volume's UUID is allotted by glusterd".into());
    });
    plan.notes.push("layer `kubernetes` is not available in this version and is left out".into());
    plan.findings.push(
        Finding::new("disk-wiped", Severity::Error, "/dev/vdb holds an ext4 file system")
            .on("storage-2")
            .hint("`lsblk -f` on the host shows it"),
    );
    plan.findings.push(Finding::new("no-undo", Severity::Warning, "2 changes cannot be undone"));
    plan.seal()
}

/// Two hosts that somebody worked on.
pub fn drift() -> Plan {
    let altered = |host: &str, resource: &Resource| {
        let mut have = resource.want.clone()?;
        if host == "storage-1" {
            match resource.id.kind.as_str() {
                "file" => {
                    let text =
                        resource.text("content")?.replace("10.0.0.2", "pool.ntp.org").replace("rtcsync\n", "\u{1b}[2Jrtcsync\n");
                    have.insert("content".into(), text.into());
                    have.insert("mode".into(), "0600".into());
                }
                "unit" => drop(have.insert("active".into(), false.into())),
                "gluster-volume" => {
                    have.insert("options".into(), json!({"performance.client-io-threads": "on", "nfs.disable": "on"}));
                    have.insert(
                        "bricks".into(),
                        json!(["storage-1:/srv/bricks/shared", "storage-2:/srv/bricks/shared", "storage-1:/tmp/x"]),
                    );
                }
                "filesystem" => have = Fields::from([("found".into(), "crypto_LUKS".into())]),
                _ => {}
            }
        }
        Some(have)
    };
    let hosts = ["storage-1", "storage-2"];
    let mut plan = plan(vec![stage("base", &hosts, |_| base(), altered), stage("gluster", &hosts, gluster, altered)], Some(3));
    let base = plan.stages.first_mut().and_then(|stage| stage.hosts.get_mut("storage-1")).unwrap();
    let gone = diff(&Resource::absent("package", "ntp"), Some(&Fields::from([("status".into(), "installed".into())]))).unwrap();
    let original = diff(&file("/etc/motd", "Welcome\n"), file("/etc/motd", "region demo\n").want.as_ref()).unwrap();
    let nothing =
        diff(&Resource::absent("file", "/etc/sysctl.d/old.conf"), file("/x", "vm.swappiness=1\n").want.as_ref()).unwrap();
    base.changes.push(gone);
    for mut change in [original, nothing] {
        change.action = regionctl_plan::Action::Return;
        base.changes.push(change);
    }
    plan.findings.push(Finding::new("quorum", Severity::Error, "2 of 3 bricks of `shared` would be away"));
    plan.seal()
}

/// Nothing to do.
pub fn empty() -> Plan {
    let as_wanted = |_: &str, resource: &Resource| resource.want.clone();
    plan(vec![stage("base", &["compute-1", "storage-1"], |_| base(), as_wanted)], Some(4)).seal()
}

/// The journal of a run in which one host goes well, one fails, one is skipped and one differs.
pub fn journal() -> Vec<Event> {
    let ids = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<Id>>();
    let base = ids(&["package:chrony", "file:/etc/chrony/chrony.conf", "unit:chrony.service"]);
    let bricks = ids(&["filesystem:/dev/vdb"]);
    let on =
        |hosts: &[&str], ids: &Vec<Id>| hosts.iter().map(|host| ((*host).to_owned(), ids.clone())).collect::<BTreeMap<_, _>>();
    let (storage_1, storage_2) = ("storage-1".to_owned(), "storage-2".to_owned());
    let gluster = "gluster".to_owned();
    let mut events = vec![What::RunStarted {
        run: "20261121-120300-ab12".into(),
        verb: "install".into(),
        owner: "ada@laptop".into(),
        plan: "1a2b3c4d5e6f".into(),
        parent: None,
        allowed: vec!["disk-wiped".into()],
        stages: vec![
            ("base".into(), on(&["compute-1", "compute-2", "storage-1", "storage-2"], &base)),
            ("gluster".into(), on(&["storage-1", "storage-2"], &bricks)),
        ],
    }];
    for host in ["compute-1", "compute-2", "storage-1", "storage-2"] {
        if host == "compute-2" {
            events.push(What::HostFailed {
                host: host.into(),
                error: "cannot connect to 192.0.2.12:22: connection refused".into(),
                hint: Some("the host is up but nothing listens there: check the port and that sshd runs".into()),
            });
            continue;
        }
        events.push(What::LeaseTaken { host: host.into(), from: (host == "storage-2").then(|| "20261121-110000-cd34".into()) });
        let (host, stage) = (host.to_owned(), "base".to_owned());
        events.push(What::BatchStarted { host: host.clone(), stage: stage.clone(), unit: "regionctl-ab12-1".into(), changes: 3 });
        for id in &base {
            events.push(What::ChangeStarted { host: host.clone(), stage: stage.clone(), id: id.clone() });
            if host == "compute-1" && id.kind == "file" {
                events.push(What::ChangeFailed {
                    host: host.clone(),
                    stage: stage.clone(),
                    id: id.clone(),
                    error: "exit status 1\ncp: error writing '/etc/chrony/chrony.conf.regionctl': No space left on device".into(),
                });
                continue;
            }
            if host == "compute-1" && id.kind == "unit" {
                events.push(What::ChangeSkipped {
                    host: host.clone(),
                    stage: stage.clone(),
                    id: id.clone(),
                    why: "an earlier change of this host failed".into(),
                });
                continue;
            }
            events.push(What::ChangeDone { host: host.clone(), stage: stage.clone(), id: id.clone(), millis: 4_120 });
        }
        events.push(What::StageDone { host, stage, round_trips: 2 });
    }
    events.push(What::UnitAdopted { host: storage_1.clone(), unit: "regionctl-cd34-7".into() });
    events.push(What::ChangeStarted { host: storage_1.clone(), stage: gluster.clone(), id: bricks[0].clone() });
    events.push(What::ChangeDone { host: storage_1.clone(), stage: gluster.clone(), id: bricks[0].clone(), millis: 61_500 });
    events.push(What::StageDone { host: storage_1, stage: gluster.clone(), round_trips: 2 });
    events.push(What::PlanDiffers {
        host: storage_2.clone(),
        stage: gluster.clone(),
        differences: vec!["filesystem:/dev/vdb: found ext4 where nothing was expected".into()],
    });
    events.push(What::ChangeSkipped {
        host: storage_2,
        stage: gluster,
        id: bricks[0].clone(),
        why: "the host is not as the plan expected".into(),
    });
    let planned = regionctl_plan::Counts { create: 14, ..Default::default() };
    events.push(What::RunEnded { ok: false, planned, done: 8, left: 6 });
    let at = |i: usize| rfc3339(std::time::Duration::from_millis(1_795_262_580_000 + 1_500 * i as u64));
    events.into_iter().enumerate().map(|(i, what)| Event { seq: i as u64 + 1, at: at(i), what }).collect()
}
