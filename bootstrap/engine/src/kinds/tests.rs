//! What every kind reads from rows. What kinds do to real hosts is tried in `tests/tests/kinds.rs`.

use std::collections::BTreeSet;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regionctl_plan::{Action, Fields, Resource, diff};
use serde_json::{Value, json};

use super::samples::samples;
use super::want::{self, Want as _};
use crate::kind::{Kinds, Rows};
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
    let refused = |kind: &str, field: &str| {
        matches!((kind, field), ("gluster_volume", _) | ("filesystem" | "lvm_volume", "type") | ("lvm_volume", "pool"))
            || matches!((kind, field), ("luks", "device" | "type"))
    };
    fields.retain(|(kind, field)| !refused(kind, field));
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
    let there = (file, "read", "yes");
    let value = ("/proc/sys/net/ipv4/conf/eth0.1/rp_filter", "line", "1");
    assert!(as_wanted(&wanted, &[value, there, (file, "line", "net.ipv4.conf.eth0/1.rp_filter=1")]));
    assert_eq!(read(&wanted, &[value]), Some(Fields::from([("value".into(), "1".into())])));
    let wide = want::sysctl("net.ipv4.ip_local_port_range", "1024\t65000");
    let path = "/proc/sys/net/ipv4/ip_local_port_range";
    let line = (file, "line", "net.ipv4.ip_local_port_range = 1024 65000");
    assert!(as_wanted(&wide, &[(path, "line", "1024\t65000"), there, line]));
}

/// As sysctl.d(5) has it.
#[test]
fn a_kernel_setting_is_what_the_last_file_says() {
    let wanted = want::sysctl("net.ipv4.ip_forward", "1");
    let value = ("/proc/sys/net/ipv4/ip_forward", "line", "1");
    let ours = "/etc/sysctl.d/80-regionctl.conf";
    let (ours, line) = ((ours, "read", "yes"), (ours, "line", "net.ipv4.ip_forward = 1"));
    let other = |file: &'static str, says: &'static str| [value, ours, line, (file, "read", "yes"), (file, "line", says)];
    let hardening = "/etc/sysctl.d/99-zz-hardening.conf";
    for says in ["net.ipv4.ip_forward=0", "-net/ipv4/ip_forward = 0", "  net.ipv4.ip_forward =  0"] {
        let change = diff(&wanted, read(&wanted, &other(hardening, says)).as_ref()).unwrap();
        let refusal = Kinds::host().get("sysctl").unwrap().refuses(&change).unwrap();
        assert_eq!(refusal.finding, "overridden");
        assert!(refusal.message.contains(hardening) && refusal.message.contains("would be 0 after"), "{}", refusal.message);
    }
    // The same value, a comment, a pattern, another's, and a file that is read before ours or hidden by one of its name.
    for (file, says) in [
        (hardening, "net.ipv4.ip_forward = 1"),
        (hardening, "# net.ipv4.ip_forward = 0"),
        (hardening, "net.ipv4.ip_forward_use_pmtu = 0"),
        (hardening, "net.ipv4.* = 0"),
        ("/usr/lib/sysctl.d/50-default.conf", "net.ipv4.ip_forward = 0"),
        ("/usr/lib/sysctl.d/80-regionctl.conf", "net.ipv4.ip_forward = 0"),
    ] {
        assert!(as_wanted(&wanted, &other(file, says)), "{file}: {says}");
    }
    let masked = [value, ours, line, ("/usr/lib/sysctl.d/99-a.conf", "read", "yes"), ("/etc/sysctl.d/99-a.conf", "read", "yes")];
    let masked = [masked.as_slice(), &[("/usr/lib/sysctl.d/99-a.conf", "line", "net.ipv4.ip_forward = 0")]].concat();
    assert!(as_wanted(&wanted, &masked));
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
fn lvm_group() {
    let wanted = want::lvm_group("data", ["/dev/disk/by-id/two", "/dev/disk/by-id/one"]);
    let one = [("/dev/disk/by-id/one", "is", "/dev/sdb"), ("data", "member", "/dev/sdb")];
    let two = [("/dev/disk/by-id/two", "is", "/dev/dm-0"), ("data", "member", "/dev/dm-0")];
    assert!(as_wanted(&wanted, &[two, one].concat()));
    assert_eq!(read(&wanted, &one).unwrap()["devices"], json!(["/dev/disk/by-id/one"]));
    assert_eq!(read(&wanted, &[one[0], two[0]]), None);

    let less = want::lvm_group("data", ["/dev/disk/by-id/one"]);
    let change = diff(&less, read(&less, &[two, one].concat()).as_ref()).unwrap();
    assert!(Kinds::host().get("lvm_group").unwrap().refuses(&change).unwrap().message.contains("/dev/dm-0 is in the group data"));
}

#[test]
fn lvm_volumes() {
    let linear = |size: &str, free: u64| format!("linear|{size}||active|4194304|100|{free}");
    let has = |wanted: Resource, line: &str| as_wanted(&wanted, &[("data/v", "is", line)]);
    let volume = |size: serde_json::Value| want::lvm_volume("data", "v", size);
    assert!(has(volume(json!(100_000_000)), &linear("100663296", 76)));
    assert!(!has(volume(json!(100_000_000)), &linear("104857600", 75)));
    assert!(has(volume(json!("24%")), &linear("100663296", 76)));
    assert!(!has(volume(json!("25%")), &linear("100663296", 76)));
    assert!(has(volume(json!("100%")), &linear("100663296", 0)));
    let read = read(&volume(json!("100%")), &[("data/v", "is", &linear("100663296", 76))]).unwrap();
    assert_eq!((&read["size"], &read["type"]), (&json!("24%"), &json!("linear")));
    let thin = "thin,sparse|1073741824|pool|active|4194304|100|0";
    assert!(has(want::lvm_thin_volume("data", "pool", "v", 1 << 30), thin));
    assert!(!has(want::lvm_thin_volume("data", "other", "v", 1 << 30), thin));
    assert!(has(want::lvm_thin_pool("data", "v", 8 << 20), "thin,pool|8388608||active|4194304|100|0"));
    assert!(!has(volume(json!("100%")), "linear|1|||0|0|0"));
}

#[test]
fn luks() {
    let wanted = want::luks("data", "/dev/disk/by-id/one", "key");
    let device = "/dev/disk/by-id/one";
    let closed = [(device, "is", "/dev/sdb"), (device, "TYPE", "crypto_LUKS"), (device, "VERSION", "2")];
    let open = |on| [&closed[..], &[("data", "on", on)]].concat();
    assert!(as_wanted(&wanted, &open("/dev/sdb")));
    assert_eq!(read(&wanted, &open("/dev/sdc")).unwrap()["device"], "/dev/sdc");
    assert_eq!(read(&wanted, &closed).unwrap()["open"], false);
    assert_eq!(read(&wanted, &[(device, "is", "/dev/sdb"), (device, "TYPE", "xfs")]), None);
}

#[test]
fn a_reference_is_not_a_key() {
    for (key, refused) in [("{{secret:disks/a/data@1}}", true), ("", true), ("correct horse", false)] {
        let change = diff(&want::luks("data", "/dev/sdb", key), None).unwrap();
        assert_eq!(Kinds::host().get("luks").unwrap().guard(&change).contains("there is no key"), refused, "{key}");
    }
}

const TANG: want::Tang<'_> = want::Tang { url: "http://10.0.0.1", thumbprint: "T" };

#[test]
fn a_binding_that_was_there_is_not_made_again_without_a_key() {
    let ours = want::luks_binding("/dev/sdb", 1, &[TANG], "{{secret:disks/b/data@1}}");
    let mut back = diff(&ours, None).unwrap();
    let kind = Kinds::host();
    assert!(kind.get("luks_binding").unwrap().guard(&back).contains("there is no key"));
    back.action = Action::Return;
    assert_eq!(kind.get("luks_binding").unwrap().guard(&back), "");
    let script = kind.get("luks_binding").unwrap().apply(&[&back]);
    assert!(!script.contains("luks bind") && script.contains("echo left: /dev/sdb"), "{script}");
}

#[test]
fn a_key_is_only_in_a_pipe() {
    let kinds = Kinds::host();
    let (key, encoded) = ("correct horse", "Y29ycmVjdCBob3JzZQ==");
    for wanted in [want::luks("data", "/dev/sdb", key), want::luks_binding("/dev/sdb", 1, &[TANG], key)] {
        let kind = kinds.get(&wanted.id.kind).unwrap();
        let change = diff(&wanted, None).unwrap();
        let script = kind.apply(&[&change]);
        assert_eq!((script.matches(key).count(), script.matches(encoded).count()), (0, 1));
        assert!(![kind.observe(&[&wanted]), kind.guard(&change), kind.keep(&wanted)].concat().contains(encoded));
    }
}

/// What `cryptsetup luksDump --dump-json-metadata` has of such bindings of clevis: pairs of threshold and servers.
fn header(bindings: &[(u64, &[&str])]) -> String {
    // The public half of a key, and of one that signs nothing.
    let adv = json!({"keys": [
        {"alg": "ES512", "crv": "P-521", "key_ops": ["verify"], "kty": "EC",
         "x": "AWO26OOusehZ6eAk4fPY3hegDXwp_tZ4Q05kHkerkNgj2wC5qfLyebi809p-5Y9ycOEvh-LK10WlSICxcqDv5G8F",
         "y": "AKUPN1nk4SO3NM382658ijCutaP9nfk-VOw1y5spq-45KzkYPEDQTMQ6hZ31QKdYVATm5iniuSmhGGjJ-E7iPcrx"},
        {"alg": "ECMR", "crv": "P-521", "key_ops": ["deriveKey"], "kty": "EC", "x": "AA", "y": "AA"},
    ]});
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let share = |url: &&str| encode(json!({"clevis": {"pin": "tang", "tang": {"url": url, "adv": adv}}})) + ".e.i.c.t";
    let pin =
        |(t, urls): &(u64, &[&str])| json!({"pin": "sss", "sss": {"t": t, "jwe": urls.iter().map(share).collect::<Vec<_>>()}});
    let token = |pin| json!({"type": "clevis", "keyslots": ["1"], "jwe": {"protected": encode(json!({"clevis": pin}))}});
    let tokens: serde_json::Map<_, _> =
        bindings.iter().enumerate().map(|(n, binding)| (n.to_string(), token(pin(binding)))).collect();
    json!({"keyslots": {}, "tokens": tokens}).to_string()
}

#[test]
fn luks_binding() {
    let tang = |url| want::Tang { url, thumbprint: "xDBhhvt8qnSb5d_aYfcSeFDDNlQZ-7agTg09Zx26aW0" };
    let wanted = want::luks_binding("/dev/sdb", 1, &[tang("http://b"), tang("http://a")], "key");
    let read_of = |header: &str| read(&wanted, &[("/dev/sdb", "header", header)]);
    let both: &[&str] = &["http://a", "http://b"];
    assert_eq!(read_of(&header(&[(1, both)])), wanted.want);
    // Another threshold, a server less, a binding too many, a key that is another's.
    for other in [&[(2, both)][..], &[(1, &both[..1])], &[(1, both), (1, both)]] {
        assert_ne!(read_of(&header(other)), wanted.want, "{other:?}");
    }
    let stranger = want::luks_binding("/dev/sdb", 1, &[want::Tang { url: "http://a", thumbprint: "another" }], "key");
    let found = read(&stranger, &[("/dev/sdb", "header", &header(&[(1, &both[..1])]))]).unwrap();
    assert_eq!(found["servers"], json!(["http://a xDBhhvt8qnSb5d_aYfcSeFDDNlQZ-7agTg09Zx26aW0"]));
    // What is not bound as we do it, what is no binding of clevis, and what is no header at all.
    let alone = json!({"tokens": {"0": {"type": "clevis", "jwe": {"protected": URL_SAFE_NO_PAD.encode(r#"{"clevis":{"pin":"tang"}}"#)}}}});
    assert_eq!(read_of(&alone.to_string()).unwrap()["servers"], json!(["pin tang"]));
    for none in [r#"{"tokens":{"0":{"type":"systemd-tpm2"}}}"#, "{}", "", "[]", r#"{"tokens":{"0":{"type":7}}}"#] {
        assert_eq!(read_of(none), None, "{none}");
    }
    assert_eq!(read(&wanted, &[]), None);
}

#[test]
fn a_binding_knows_its_servers_by_their_keys() {
    let wanted = want::luks_binding("/dev/sdb", 2, &[want::Tang { url: "http://a", thumbprint: "T" }], "key");
    let script = Kinds::host().get("luks_binding").unwrap().apply(&[&diff(&wanted, None).unwrap()]);
    assert!(script.contains(r#"{"pins":{"tang":[{"thp":"T","url":"http://a"}]},"t":2}"#), "{script}");
    // With `-y` clevis asks nothing of the key, whatever thumbprint it is given.
    assert!(!script.contains(" -y "), "{script}");
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

    let guard = |option: Resource| Kinds::host().get("gluster_option").unwrap().guard(&diff(&option, None).unwrap());
    let option = want::gluster_option("gv0", "client.ssl", "off");
    assert_eq!(guard(option.clone()), "");
    let refused = guard(option.at_start());
    assert!(refused.contains("client.ssl=off") && refused.contains("is not changed while it runs"), "{refused}");

    let other = want::gluster_volume("gv0", 3, 0, &bricks);
    let change = diff(&other, read(&other, &list).as_ref()).unwrap();
    assert!(
        Kinds::host()
            .get("gluster_volume")
            .unwrap()
            .refuses(&change)
            .unwrap()
            .message
            .contains("arbiter of the volume gv0 is not changed")
    );
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
