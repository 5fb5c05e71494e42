//! What is taken for a damaged brick.

use std::process::Command;

use super::DAMAGED;

#[test]
fn a_file_without_its_second_name_is_damaged_and_a_stray_one_is_not() {
    let folder = std::env::temp_dir().join(format!("regionctl-damaged-{}", std::process::id()));
    let brick = folder.join("brick");
    std::fs::create_dir_all(brick.join(".glusterfs")).unwrap();
    // Stands for the extended attributes, which only root may set: every file but `stray` is Gluster's.
    let script = format!("getfattr() {{ case $4 in */stray) false ;; esac; }}\n{DAMAGED}damaged {}\n", brick.display());
    let damaged = || Command::new("sh").args(["-euc", &script]).status().unwrap().success();
    assert!(!damaged(), "an empty one");
    std::fs::write(brick.join("stray"), "").unwrap();
    std::fs::write(brick.join("file"), "").unwrap();
    std::fs::hard_link(brick.join("file"), brick.join(".glusterfs/handle")).unwrap();
    assert!(!damaged(), "a whole one");
    std::fs::remove_dir_all(brick.join(".glusterfs")).unwrap();
    assert!(damaged(), "one without its handles");
    std::fs::remove_dir_all(&folder).unwrap();
}
