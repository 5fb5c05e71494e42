//! What the conditions make of the words of Gluster 11.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{IDENTITY, Replaced, not_needed, others_served};
use crate::tests::cases;

/// True if the check succeeds where `gluster` says this.
fn holds(name: &str, check: &str, gluster_says: &str) -> bool {
    let folder = std::env::temp_dir().join(format!("regionctl-replaced-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("gluster");
    std::fs::write(&program, format!("#!/bin/sh\ncat <<'END'\n{gluster_says}\nEND\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh").args(["-euc", check]).env("PATH", path).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{check}");
    output.status.success()
}

fn replaced(allowed: &[&str]) -> Replaced {
    let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
    Replaced { server: "storage-2".into(), disk: "data".into(), wiped: None, allowed }
}

#[test]
fn only_the_brick_that_is_lost_may_be_away() {
    let region = cases::whole().region(Path::new("region.yaml"));
    let lost = replaced(&[]).find(&region).unwrap();
    let (volume, place) = &lost.bricks[0];
    let bricks = [
        ("storage-1", "/srv/bricks/data/shared"),
        ("storage-2", "/srv/bricks/data/shared"),
        ("compute-1", "/srv/bricks/arbiter/shared"),
    ];
    let status = |served: &[usize]| -> String {
        let node = |(i, (host, path)): (usize, &(&str, &str))| {
            let status = u8::from(served.contains(&i));
            format!(
                "        <node>\n          <hostname>{host}</hostname>\n          <path>{path}</path>\n          <peerid>0a</peerid>\n          <status>{status}</status>\n          <port>51152</port>\n          <pid>812</pid>\n        </node>\n"
            )
        };
        let nodes: String = bricks.iter().enumerate().map(node).collect();
        format!(
            "<cliOutput>\n  <opRet>0</opRet>\n  <volStatus>\n    <volumes>\n      <volume>\n        <volName>shared</volName>\n{nodes}        <node>\n          <hostname>Self-heal Daemon</hostname>\n          <path>localhost</path>\n          <status>1</status>\n        </node>\n      </volume>\n    </volumes>\n  </volStatus>\n</cliOutput>"
        )
    };
    // Once is enough here.
    let served = others_served(volume, place, &region).replace("+ 20))", "+ 0))");
    let served = served + "heed() { :; }\nseconds() { echo 0; }\nothers_served\n";
    assert!(holds("well", &served, &status(&[0, 1, 2])));
    assert!(holds("lost", &served, &status(&[0, 2])));
    assert!(!holds("other", &served, &status(&[0, 1])));
    assert!(!holds("both", &served, &status(&[2])));
    assert!(!holds("busy", &served, "Another transaction is in progress for shared. Please try again after some time."));
}

#[test]
fn what_is_allowed_is_neither_a_condition_nor_guarded() {
    let region = cases::whole().region(Path::new("region.yaml"));
    let replaced = replaced(&["brick-away", "copy-behind"]);
    let lost = replaced.find(&region).unwrap();
    let (volume, place) = &lost.bricks[0];
    assert_eq!(replaced.guard(volume, place, &region), ":\n");
    assert_eq!(replaced.conditions([not_needed(volume, place, "/dev/sdb")]), []);
}

#[test]
fn a_blank_file_has_no_identity() {
    let script = format!("{IDENTITY}file=$(mktemp)\ntruncate -s 1M \"$file\"\nidentity \"$file\"\nrm \"$file\"\n");
    let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
    assert_eq!((output.status.success(), output.stdout.as_slice()), (true, &b""[..]));
}
