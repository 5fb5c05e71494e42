//! What the wait makes of the words of Gluster 11.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{INFO, PENDING, waiting};

const SERVED: &str = "<opRet>0</opRet>\n<hostname>a</hostname>\n<path>/b</path>\n<status>1</status>\n<hostname>b</hostname>\n<path>/b</path>\n<status>1</status>";

/// Waits where `volume status` and `heal info` say this and `count` is run for the number of files; gives what was said in the end.
fn wait(name: &str, status: &str, info: &str, count: &str) -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("regionctl-heal-{}-{name}", std::process::id()));
    let bricks = folder.join("vols/data/bricks");
    std::fs::create_dir_all(&bricks).unwrap();
    for host in ["a", "b"] {
        std::fs::write(bricks.join(host), format!("hostname={host}\npath=/b\n")).unwrap();
    }
    let program = folder.join("gluster");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *status*) cat <<'END'\n{status}\nEND\n;; *info) sed \"s/@n@/$(cat n | wc -l)/\" <<'END'\n{info}\nEND\n;; esac\n"
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let here = folder.display();
    // The same, sooner.
    let waiting = waiting([])
        .replace("PATH=/usr", &format!("PATH={here}:/usr"))
        .replace("VOLUMES=/var/lib/glusterd/vols", &format!("VOLUMES={here}/vols"))
        .replace("GRACE=60", "GRACE=1")
        .replace("STILL=300", "STILL=2")
        .replace("ASK=60", "ASK=1")
        .replace("ASK_FEW=5", "ASK_FEW=1")
        .replace("looked))\" -ge 10", "looked))\" -ge 0");
    let script = format!("{waiting}cd {here}\ncount() {{ {count}; }}\nwait_for_copies data 8 count\n");
    let output = Command::new("timeout").args(["60", "sh", "-euc", &script]).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn info(of_a: &str) -> String {
    let number = of_a.lines().count();
    let gap = if of_a.is_empty() { "" } else { "\n" };
    format!(
        "Brick a:/b\n{of_a}{gap}Status: Connected\nNumber of entries: {number}\n\nBrick b:/b\nStatus: Connected\nNumber of entries: 0\n"
    )
}

#[test]
fn it_ends_when_all_is_copied() {
    assert_eq!(wait("done", SERVED, &info(""), "echo x >>n; echo $((3 - $(wc -l <n)))"), Ok(()));
}

#[test]
fn a_brick_that_is_away_ends_it_and_is_named() {
    let away = SERVED.replacen("<status>1", "<status>0", 1);
    let said = wait("away", &away, &info("/f "), "echo 1").unwrap_err();
    assert!(said.contains("a brick of the volume data is away") && said.contains(": a:/b;"), "{said}");
    // Of a server that is away nothing is told at all.
    let said = wait("off", SERVED.split("<hostname>b").next().unwrap(), &info("/f "), "echo 1").unwrap_err();
    assert!(said.contains(": b:/b;"), "{said}");
}

#[test]
fn gluster_that_tells_nothing_ends_it() {
    let said = wait("mute", "", "", "echo 1").unwrap_err();
    assert!(said.contains("gluster tells nothing of the volume data since 2 s: glusterd does not answer"), "{said}");
    let stopped = "<opRet>-1</opRet>\n<opErrstr>Volume data is not started</opErrstr>";
    let said = wait("stopped", stopped, "", "echo 1").unwrap_err();
    assert!(said.contains("since 2 s: Volume data is not started"), "{said}");
}

#[test]
fn what_is_not_healed_is_named() {
    let files = "/kept \n/torn - Is in split-brain\n<gfid:0a> ";
    let said = wait("stuck", SERVED, &info(files), "echo 3").unwrap_err();
    for part in [
        "no file of the volume data was healed for 2 s",
        "/kept: not healed",
        "/torn: split brain",
        "latest-mtime '/torn'",
        "<gfid:0a>: not",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Who writes to a volume chooses the names.
#[test]
fn a_name_is_no_command() {
    let said = wait("name", SERVED, &info("/it's $(x) - Is in split-brain\n"), "echo 1").unwrap_err();
    assert!(said.contains(r"latest-mtime '/it'\''s $(x)'"), "{said}");
}

#[test]
fn in_a_folder_that_is_copied_ever_more_is_found() {
    // A second's window sees more files than the one before, and each time others.
    let said = wait("more", SERVED, &info("/@n@ \n/b "), "echo x >>n; cat n | wc -l").unwrap_err();
    assert!(said.contains("waited 8 s"), "{said}");
    let said = wait("same", SERVED, &info("/a \n/b "), "echo x >>n; cat n | wc -l").unwrap_err();
    assert!(said.contains("no file of the volume data was healed"), "{said}");
}

#[test]
fn what_is_being_healed_or_only_written_is_not_stuck() {
    let said = wait("busy", SERVED, &info("/big - Possibly undergoing heal"), "echo 1").unwrap_err();
    assert!(said.contains("waited 8 s for 1 files"), "{said}");
    assert_eq!(wait("written", SERVED, &info(""), "echo 1"), Ok(()));
}

/// What `behind` says after ten looks if Gluster names these files at each, and `@n@` is the number of the look.
fn behind(info: &str) -> (String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("gluster");
    let script = "#!/bin/sh\necho look >>n; sed \"s/@n@/$(wc -l <n)/\" info\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(folder.path().join("info"), info).unwrap();
    let asked = |ask: &str| {
        let script = format!("{INFO}PATH=.:$PATH\n{ask}\n");
        Command::new("sh").current_dir(folder.path()).args(["-euc", &script]).output().unwrap()
    };
    let named = String::from_utf8(asked("behind data 10 20").stdout).unwrap();
    (named, asked("nothing_to_heal data 10").status.success())
}

/// Measured on Debian 13: a client that writes one file after the other has one of six looks name one of them, and a file that is
/// written all the time is named at three of ten.
#[test]
fn a_file_that_is_only_being_written_is_named_now_and_then() {
    let all = "a:/b = Connected\nb:/b = Connected\n";
    assert_eq!(behind(&info("")), (all.into(), true));
    assert_eq!(behind(&info("/load/@n@ \n<gfid:@n@> - Possibly undergoing heal\n")), (all.into(), true));
    let (named, healed) = behind(&info("/load/@n@ \n/old file - Possibly undergoing heal\n/torn - Is in split-brain\n"));
    assert_eq!(named, "a:/b /old file\na:/b /torn - Is in split-brain\na:/b = Connected\nb:/b = Connected\n");
    assert!(!healed);
    let away =
        info("").replacen("Connected\nNumber of entries: 0", "Transport endpoint is not connected\nNumber of entries: -", 1);
    assert_eq!(behind(&away), ("a:/b = Transport endpoint is not connected\nb:/b = Connected\n".into(), false));
    assert_eq!(behind("Volume plain is not of type replicate\n"), ("\n".into(), false));
    // A name that looks like the word of a brick.
    assert!(!behind(&info("/x = Connected\n")).1);
}

/// A write that failed on some bricks only may be noted nowhere but as one whose end is not known.
#[test]
fn a_brick_notes_old_copies_and_writes_without_an_end() {
    let brick = tempfile::tempdir().unwrap();
    let pending = || {
        let script = format!("{PENDING}pending \"$1\"");
        let output = Command::new("sh").args(["-euc", &script, "sh"]).arg(brick.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(pending(), "");
    for index in ["xattrop", "dirty"] {
        let folder = brick.path().join(".glusterfs/indices").join(index);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{index}-0a")), "").unwrap();
    }
    assert_eq!(pending(), "");
    let note = |path: &str| std::fs::write(brick.path().join(".glusterfs/indices").join(path), "").unwrap();
    note("dirty/01");
    assert_eq!(pending(), "01\n");
    note("xattrop/01");
    note("xattrop/00");
    assert_eq!(pending(), "00\n01\n");
}
