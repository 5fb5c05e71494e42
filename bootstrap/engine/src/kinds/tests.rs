//! What every kind reads from rows, and, on a real host, the properties that hold for every sample.
//!
//! `KINDS_HOST='COMMAND…' KINDS_NEEDS=Nothing,Disks cargo test -p regionctl-engine --lib kinds -- --ignored` runs the samples on the host where
//! `COMMAND… sh` is root's shell: a host to throw away. `KINDS_ONLY` picks samples by a part of their name.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use regionctl_plan::{Action, Certainty, Change, Fields, Resource, diff};
use serde_json::json;

use super::samples::{Sample, samples};
use super::want::{self, Want as _};
use crate::kind::{Kind, Kinds, Rows};
use crate::shell::PRELUDE;

fn rows(list: &[(&str, &str, &str)]) -> Rows {
    let mut rows = Rows::default();
    list.iter().for_each(|(name, field, value)| rows.add(name, field, value));
    rows
}

fn read(resource: &Resource, list: &[(&str, &str, &str)]) -> Option<Fields> {
    Kinds::host().get(&resource.id.kind).unwrap().read(resource, &rows(list))
}

/// True if these rows are just what the resource wants.
fn as_wanted(resource: &Resource, list: &[(&str, &str, &str)]) -> bool {
    diff(resource, read(resource, list).as_ref()).is_none()
}

#[test]
fn every_kind_has_a_sample_and_every_wanted_field_a_spoil() {
    let mut missing: BTreeSet<String> = Kinds::host().iter().map(|kind| kind.name().to_owned()).collect();
    let mut fields = BTreeSet::new();
    for sample in samples() {
        let kind = sample.wanted.id.kind.clone();
        missing.remove(&kind);
        for field in sample.wanted.want.iter().flat_map(Fields::keys) {
            fields.insert((kind.clone(), field.clone()));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    for sample in samples() {
        for spoil in sample.spoils {
            if let Some(field) = spoil.field {
                fields.remove(&(sample.wanted.id.kind.clone(), field.to_owned()));
            }
            fields.retain(|(kind, _)| spoil.field.is_some() || kind != &sample.wanted.id.kind || !only_existence(kind));
        }
    }
    // What may not change while it exists: guards refuse it, see below.
    fields.retain(|(kind, field)| !matches!((kind.as_str(), field.as_str()), ("gluster_volume", _) | ("filesystem", "type")));
    assert!(fields.is_empty(), "{fields:?}");
}

/// Kinds whose only field says that the thing exists.
fn only_existence(kind: &str) -> bool {
    matches!(kind, "command" | "gluster_brick" | "gluster_peer")
}

#[test]
fn scripts_are_shell() {
    let kinds = Kinds::host();
    for sample in samples() {
        let kind = kinds.get(&sample.wanted.id.kind).unwrap();
        let mut create = diff(&sample.wanted, None).unwrap();
        let mut script = format!("{PRELUDE}\n({})\n", kind.observe(&[&sample.wanted]));
        for action in [Action::Create, Action::Return] {
            create.action = action;
            script += &format!("{}\n{}\n{}\n", kind.keep(&sample.wanted), kind.guard(&create), kind.apply(&[&create]));
        }
        create.resource.want = None;
        script += &kind.apply(&[&create]);
        let checked = Command::new("sh").args(["-n", "-c", &script]).output().unwrap();
        assert!(checked.status.success(), "{}: {}\n{script}", sample.name, String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn directory() {
    let wanted = want::directory("/srv").mode("2750");
    assert!(as_wanted(&wanted, &[("/srv", "stat", "2750 root root directory")]));
    assert_eq!(read(&wanted, &[("/srv", "stat", "644 root root regular file")]).unwrap()["type"], "regular file");
    assert_eq!(read(&wanted, &[]), None);
}

#[test]
fn sysctl() {
    let wanted = want::sysctl("net.ipv4.conf.eth0/1.rp_filter", "1");
    let file = "/etc/sysctl.d/80-regionctl.conf";
    let value = ("/proc/sys/net/ipv4/conf/eth0.1/rp_filter", "line", "1");
    assert!(as_wanted(&wanted, &[value, (file, "line", "net.ipv4.conf.eth0/1.rp_filter=1")]));
    assert_eq!(read(&wanted, &[value]), Some(Fields::from([("value".into(), "1".into())])));
    let wide = want::sysctl("net.ipv4.ip_local_port_range", "1024\t65000");
    let path = "/proc/sys/net/ipv4/ip_local_port_range";
    assert!(as_wanted(&wide, &[(path, "line", "1024\t65000"), (file, "line", "net.ipv4.ip_local_port_range = 1024 65000")]));
}

#[test]
fn kernel_module() {
    let wanted = want::kernel_module("dm-crypt");
    let file = ("/etc/modules-load.d/regionctl.conf", "line", "dm-crypt");
    assert!(as_wanted(&wanted, &[("dm_crypt", "loaded", "true"), file]));
    let list = "/lib/modules/6/modules.builtin";
    assert!(as_wanted(&wanted, &[("*", "builtin", list), (list, "line", "kernel/drivers/md/dm-crypt.ko"), file]));
    assert_eq!(read(&wanted, &[]), None);
    assert_eq!(read(&wanted, &[file]).unwrap()["loaded"], false);
}

const FSTAB: &str = "/etc/fstab";
const MOUNTS: &str = "/proc/self/mountinfo";

#[test]
fn mount_of_a_label_is_told_by_the_device() {
    let wanted = want::mount("/srv/a b", "LABEL=data", "xfs", "noatime");
    let line = (FSTAB, "line", "LABEL=data\t/srv/a\\040b  xfs noatime 0 0");
    let now = (MOUNTS, "line", "36 35 259:2 / /srv/a\\040b rw,noatime shared:1 - xfs /dev/nvme0n1p2 rw");
    assert!(as_wanted(&wanted, &[line, now, ("/srv/a b", "device", "259:2")]));
    assert_eq!(read(&wanted, &[line, now, ("/srv/a b", "device", "259:3")]).unwrap()["mounted"], "/dev/nvme0n1p2");
    assert_eq!(read(&wanted, &[line]).unwrap()["mounted"], false);
    assert_eq!(read(&wanted, &[now]).unwrap().len(), 1);
    assert_eq!(read(&wanted, &[(FSTAB, "line", "#LABEL=data /srv/a\\040b xfs noatime 0 0")]), None);
    let read_only = (MOUNTS, "line", "36 35 259:2 / /srv/a\\040b ro,noatime - xfs /dev/nvme0n1p2 rw");
    assert_eq!(read(&wanted, &[line, read_only, ("/srv/a b", "device", "259:2")]).unwrap()["mounted"], "read-only");
}

#[test]
fn mount_of_a_file_and_of_a_volume() {
    let file = want::mount("/srv", "/var/disk", "ext4", "loop");
    let line = (FSTAB, "line", "/var/disk /srv ext4 loop 0 0");
    let now = (MOUNTS, "line", "36 35 7:3 / /srv rw - ext4 /dev/loop3 rw");
    assert!(as_wanted(&file, &[line, now, ("/sys/block/loop3/loop/backing_file", "line", "/var/disk")]));
    assert_eq!(read(&file, &[line, now]).unwrap()["mounted"], "/dev/loop3");

    let volume = want::mount("/srv", "s1:/gv0", "glusterfs", "_netdev");
    let line = (FSTAB, "line", "s1:/gv0 /srv glusterfs _netdev 0 0");
    let now = (MOUNTS, "line", "36 35 0:50 / /srv rw - fuse.glusterfs s1:gv0 rw");
    assert!(as_wanted(&volume, &[line, now]));
    assert_eq!(read(&volume, &[line, now, ("/srv", "broken", "true")]).unwrap()["mounted"], "broken");
}

#[test]
fn user() {
    let wanted = want::user("ops").groups(["sudo", "adm"]).group("users").shell("/bin/bash");
    let entry = ("ops", "passwd", "ops:x:1000:100:,,,:/home/ops:/bin/bash");
    let groups = [
        ("*", "group", "adm:x:4:a,ops"),
        ("*", "group", "users:x:100:"),
        ("*", "group", "sudo:x:27:ops"),
        ("*", "group", "xops:x:28:opsx"),
    ];
    let all: Vec<_> = groups.into_iter().chain([entry]).collect();
    assert!(as_wanted(&wanted, &all));
    assert_eq!(read(&wanted, &all).unwrap()["uid"], 1000);
}

#[test]
fn authorized_key() {
    let wanted = want::authorized_key("root", "ssh-ed25519 AAAA+/= me@here");
    assert_eq!(wanted.id.name, "root:me@here");
    assert_eq!(want::authorized_key("root", "ssh-ed25519 AAAAabcdefghijklmnopqrst").id.name, "root:efghijklmnopqrst");
    assert!(as_wanted(&wanted, &[("root", "line", "ssh-ed25519 AAAA+/= me@here")]));
    assert_eq!(read(&wanted, &[("root", "line", "#ssh-ed25519 AAAA+/= me@here")]), None);
    let more = read(&wanted, &[("root", "line", "from=\"::1\" ssh-ed25519 AAAA+/= me")]).unwrap();
    assert_eq!(more["key"], "from=\"::1\" ssh-ed25519 AAAA+/= me");
}

#[test]
fn filesystem() {
    let wanted = want::filesystem("/dev/sdb", "ext4", "two words");
    assert!(as_wanted(&wanted, &[("/dev/sdb", "TYPE", "ext4"), ("/dev/sdb", "LABEL", "two\\ words")]));
    assert_eq!(read(&wanted, &[("/dev/sdb", "PTTYPE", "gpt")]).unwrap()["type"], "gpt partition table");
    assert_eq!(read(&wanted, &[]), None);
}

#[test]
fn gluster_peers() {
    let status = "Number of Peers: 2\n\nHostname: s2\nUuid: 1\nState: Peer in Cluster (Connected)\nOther names:\n10.0.0.2\n\nHostname: s3\nUuid: 2\nState: Peer in Cluster (Disconnected)";
    let status: Vec<_> = status.lines().map(|line| ("*", "line", line)).collect();
    assert!(as_wanted(&want::gluster_peer("s2"), &status));
    assert!(as_wanted(&want::gluster_peer("10.0.0.2"), &status));
    assert_eq!(read(&want::gluster_peer("s3"), &status).unwrap()["state"], "disconnected");
    assert_eq!(read(&want::gluster_peer("s4"), &status), None);
}

#[test]
fn gluster_volumes() {
    let bricks: Vec<_> = ["a", "b", "c"].map(|host| format!("{host}:/srv/b-1")).into();
    let wanted = want::gluster_volume("gv0", 3, 1, &bricks);
    let info = "/var/lib/glusterd/vols/gv0/info";
    let lines = "type=2 count=3 status=1 sub_count=3 replica_count=3 arbiter_count=1 nfs.disable=on brick-0=a:-srv-b-1 brick-1=b:-srv-b-1 brick-2=c:-srv-b-1";
    let mut list: Vec<_> = lines.split(' ').map(|line| (info, "line", line)).collect();
    let files: Vec<_> = ["a", "b", "c"]
        .map(|host| (format!("/var/lib/glusterd/vols/gv0/bricks/{host}:-srv-b-1"), format!("hostname={host}")))
        .into();
    for (file, host) in &files {
        list.extend([(file.as_str(), "line", host.as_str()), (file.as_str(), "line", "path=/srv/b-1")]);
    }
    assert!(as_wanted(&wanted, &list));
    assert_eq!(read(&want::gluster_option("gv0", "nfs.disable", "on"), &list).unwrap()["value"], "on");
    assert_eq!(read(&want::gluster_option("gv0", "auth.allow", "*"), &list), None);
    assert_eq!(read(&want::gluster_volume("gv1", 3, 1, &bricks), &list), None);

    let other = want::gluster_volume("gv0", 3, 0, &bricks);
    let change = diff(&other, read(&other, &list).as_ref()).unwrap();
    assert!(Kinds::host().get("gluster_volume").unwrap().guard(&change).contains("arbiter of the volume gv0 is not changed"));
}

#[test]
fn gluster_runs_on_what_the_output_says() {
    // Two sorts of wanted state that the generic diff must tell apart.
    let volume = want::gluster_volume(
        "v",
        3,
        0,
        &["a:/1".into(), "b:/1".into(), "c:/1".into(), "a:/2".into(), "b:/2".into(), "c:/2".into()],
    );
    assert_eq!(volume.want.unwrap()["type"], json!("distributed-replicate"));
}

/// A host to throw away.
struct Host(String);

impl Host {
    fn run(&self, script: &str) -> (bool, String, String) {
        let words: Vec<&str> = self.0.split_whitespace().collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["sh", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The whole script is read before any of it runs, and nothing in it sees it as its input.
        let script = format!("{{ {script}\n}} </dev/null\nexit\n");
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (out.status.success(), text(&out.stdout), text(&out.stderr))
    }

    fn must(&self, what: &str, script: &str) -> String {
        let (ok, out, err) = self.run(script);
        assert!(ok, "{what} failed\n{out}\n{err}\n{script}");
        out
    }

    fn observe(&self, kind: &dyn Kind, resource: &Resource) -> Option<Fields> {
        let out = self.must("observe", &format!("{PRELUDE}\n({}:)\n", kind.observe(&[resource])));
        let mut rows = Rows::default();
        for line in out.lines() {
            let mut parts = line.splitn(3, '\t');
            rows.add(parts.next().unwrap(), parts.next().expect(line), parts.next().expect(line));
        }
        kind.read(resource, &rows)
    }

    fn apply(&self, kind: &dyn Kind, change: &Change, keep: &str) -> String {
        let script = |part: String| {
            format!("{PRELUDE}\nKEEP=/var/lib/regionctl/keep/{keep}\nmkdir -p \"$KEEP\"\ncd \"$(mktemp -d)\"\nset -eu\n{part}")
        };
        self.must("guard", &script(kind.guard(change)));
        self.must("apply", &script(kind.apply(&[change])))
    }

    /// Every name, mode, owner, link and content below /etc.
    fn etc(&self) -> String {
        self.must("hash", "cd /etc; find . ! -type d -printf '%p %M %u %g %l\\n' | sort; find . -type d -printf '%p %M %u %g\\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum")
    }
}

#[test]
#[ignore = "needs a host to throw away"]
fn samples_on_a_real_host() {
    let mut failed = Vec::new();
    let host = Host(std::env::var("KINDS_HOST").expect("KINDS_HOST"));
    let needs = std::env::var("KINDS_NEEDS").unwrap_or_else(|_| "Nothing".into());
    let only = std::env::var("KINDS_ONLY").unwrap_or_default();
    for sample in samples() {
        if !needs.split(',').any(|need| need == format!("{:?}", sample.needs)) || !sample.name.contains(&only) {
            continue;
        }
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| try_sample(&host, &sample)));
        if tried.is_err() {
            failed.push(sample.name);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

fn try_sample(host: &Host, sample: &Sample) {
    let kinds = Kinds::host();
    println!("== {}", sample.name);
    host.must("prepare", &format!("rm -rf /var/lib/regionctl; {PRELUDE}\n{}", sample.prepare));
    let etc = host.etc();
    let all: Vec<&Resource> = sample.setup.iter().chain([&sample.wanted]).collect();
    let mut originals = Vec::new();
    for (i, resource) in all.iter().enumerate() {
        let kind = kinds.get(&resource.id.kind).unwrap();
        let have = host.observe(kind, resource);
        let change = diff(resource, have.as_ref()).unwrap_or_else(|| panic!("{} is as wanted before", resource.id));
        host.must(
            "keep",
            &format!("{PRELUDE}\nKEEP=/var/lib/regionctl/keep/{i}\nmkdir -p \"$KEEP\"\nset -eu\n{}", kind.keep(resource)),
        );
        originals.push(have);
        host.apply(kind, &change, &i.to_string());
        host.apply(kind, &change, &i.to_string());
        assert_eq!(diff(resource, host.observe(kind, resource).as_ref()), None, "after apply");
    }
    let kind = kinds.get(&sample.wanted.id.kind).unwrap();
    let last = (all.len() - 1).to_string();
    for spoil in &sample.spoils {
        println!("   {:?}: {}", spoil.field, spoil.run);
        host.run(&format!("{PRELUDE}\n{}", spoil.run));
        let change = diff(&sample.wanted, host.observe(kind, &sample.wanted).as_ref()).expect("the plan shows it");
        match spoil.field {
            Some(field) => assert!(change.fields().iter().any(|f| f.field == field), "{change:?}"),
            None => assert_eq!(change.action, Action::Create, "{change:?}"),
        }
        host.apply(kind, &change, &last);
        assert_eq!(diff(&sample.wanted, host.observe(kind, &sample.wanted).as_ref()), None, "after mending");
    }
    for (i, resource) in all.iter().enumerate().rev() {
        let kind = kinds.get(&resource.id.kind).unwrap();
        let mut back = (*resource).clone();
        back.want.clone_from(&originals[i]);
        let change = Change {
            before: host.observe(kind, resource),
            resource: back,
            action: Action::Return,
            certainty: Certainty::Exact,
            no_undo: None,
        };
        for _ in 0..2 {
            print!("{}", host.apply(kind, &change, &i.to_string()));
        }
        if kind.no_undo(resource).is_none() {
            assert_eq!(host.observe(kind, resource), originals[i], "after return of {}", resource.id);
        }
    }
    let (before, after) = (etc, host.etc());
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let differ: Vec<_> = lines(&before).symmetric_difference(&lines(&after)).cloned().collect();
    assert!(differ.is_empty(), "/etc differs: {differ:#?}");
    let made = host.must("made", "! [ -s /var/lib/regionctl/made ] || cat /var/lib/regionctl/made");
    if !made.is_empty() {
        println!("   still noted as made: {made}");
    }
    host.must("clean", &format!("{PRELUDE}\n{}", sample.clean));
}

#[test]
#[ignore = "needs a host to throw away"]
fn observing_a_hundred_resources_is_quick() {
    let host = Host(std::env::var("KINDS_HOST").expect("KINDS_HOST"));
    let kinds = Kinds::host();
    let mut all: Vec<Resource> =
        samples().into_iter().flat_map(|sample| sample.setup.into_iter().chain([sample.wanted])).collect();
    all.retain(|resource| resource.id.kind != "gluster_peer");
    for i in 0..12 {
        all.push(want::file(&format!("/etc/quick-{i}"), "text"));
        all.push(want::directory(&format!("/srv/quick-{i}")));
        all.push(want::sysctl(&format!("net.ipv4.quick{i}"), "1"));
        all.push(want::package(&format!("quick{i}")));
    }
    let mut script = format!("{PRELUDE}\nstart=$(date +%s%N)\n");
    for kind in kinds.iter() {
        let of_kind: Vec<&Resource> = all.iter().filter(|resource| resource.id.kind == kind.name()).collect();
        if !of_kind.is_empty() {
            script += &format!(
                "at=$(date +%s%N)\n({}:) >/dev/null\necho {} {} $(( ($(date +%s%N) - at) / 1000 ))\n",
                kind.observe(&of_kind),
                kind.name(),
                of_kind.len()
            );
        }
    }
    let out = host.must("observe", &format!("{script}\necho total {} $(( ($(date +%s%N) - start) / 1000 ))", all.len()));
    println!("{out}");
}

#[test]
#[ignore = "needs a host to throw away"]
fn guards_refuse_what_would_do_harm() {
    let host = Host(std::env::var("KINDS_HOST").expect("KINDS_HOST"));
    let kinds = Kinds::host();
    let cases = [
        ("truncate -s 400M /var/tmp/g; mkfs.ext4 -q /var/tmp/g", want::filesystem("/var/tmp/g", "xfs", "x"), "holds ext4"),
        (
            "truncate -s 400M /var/tmp/g; echo label:gpt | sfdisk -q /var/tmp/g",
            want::filesystem("/var/tmp/g", "xfs", "x"),
            "partition",
        ),
        ("", want::filesystem("/var/tmp/g", "xfs", "x"), "does not exist"),
        ("truncate -s 2M /var/tmp/g", want::loop_file("/var/tmp/g", 1 << 20), "never shrunk"),
        ("mkdir -p /var/tmp/g/in", want::mount("/var/tmp/g", "memory", "tmpfs", "defaults"), "not empty"),
        ("", want::gluster_brick("/var/tmp/g/brick"), "its mount is missing"),
        ("echo a >/var/tmp/g", want::file("/var/tmp/g", "b\n"), "changed after it was planned"),
        ("", want::line_matching("/var/tmp/g", "x", "^a", "b"), "does not match its own pattern"),
    ];
    for (prepare, wanted, message) in cases {
        // As if nothing had been there when it was planned.
        let change = diff(&wanted, None).unwrap();
        let guard = kinds.get(&wanted.id.kind).unwrap().guard(&change);
        let (ok, _, err) = host.run(&format!("rm -rf /var/tmp/g\n{PRELUDE}\n{prepare}\nset -eu\n{guard}"));
        assert!(!ok && err.contains(message), "{}: {err}", wanted.id);
    }
    host.must("clean", "rm -rf /var/tmp/g");
}
