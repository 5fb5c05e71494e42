use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use regionctl_ssh::{SshError, Upload};

use crate::sshd::Sshd;

#[tokio::test]
async fn a_file_is_replaced_with_owner_and_mode() {
    let server = Sshd::start();
    fs::write(server.path("home/.bashrc"), "echo Welcome\n").unwrap();
    let host = server.connect().await;
    let path = server.path("it's a file");
    fs::write(&path, "old").unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i * 7 % 256) as u8).collect();
    let upload =
        Upload { mode: 0o4640, owner: Some("daemon".into()), group: Some("1".into()), ..Upload::new(&path, bytes.clone()) };
    host.upload(upload).await.unwrap();
    assert!(fs::read(&path).unwrap() == bytes);
    let meta = fs::metadata(&path).unwrap();
    assert_eq!((meta.permissions().mode() & 0o7777, meta.uid(), meta.gid()), (0o4640, 1, 1));
    assert_eq!(host.round_trips(), 1);

    host.upload(Upload::new(&path, "")).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(leftovers(server.dir.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_cannot_be_written_is_said_and_leaves_nothing() {
    let server = Sshd::start();
    let host = server.connect().await;
    let folder = server.path("folder");
    fs::create_dir(&folder).unwrap();
    for (upload, wanted) in [
        (Upload::new("relative", "x"), "not an absolute path"),
        (Upload::new("/", "x"), "not an absolute path"),
        (Upload::new(server.path("missing/file"), "x"), "No such file or directory"),
        (Upload { owner: Some("nobody-here".into()), ..Upload::new(server.path("f"), "x") }, "invalid user"),
        (Upload::new(&folder, "x"), "directory"),
    ] {
        let error = host.upload(upload).await.unwrap_err();
        let SshError::Upload { last, .. } = &error else { panic!("{error:?}") };
        assert!(last.contains(wanted), "{last}");
    }
    assert_eq!(leftovers(server.dir.path()), Vec::<PathBuf>::new());
    assert!(!server.path("f").exists());
}

#[tokio::test]
async fn a_full_disk_keeps_the_old_file() {
    let server = Sshd::start();
    let host = server.connect().await;
    let disk = Disk::mount(server.path("disk"));
    let path = disk.0.join("file");
    fs::write(&path, "old").unwrap();
    let error = host.upload(Upload::new(&path, vec![7; 1_000_000])).await.unwrap_err();
    assert!(matches!(error, SshError::DiskFull { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("alpha: no space left on the disk of `{}`", path.display()));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(leftovers(&disk.0), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_cut_upload_changes_nothing() {
    let mut server = Sshd::start();
    let host = server.connect().await;
    let path = server.path("file");
    fs::write(&path, "old").unwrap();
    // Big enough to be under way when the server dies.
    let upload = Upload { timeout: Duration::from_secs(20), ..Upload::new(&path, vec![7; 200_000_000]) };
    let task = tokio::spawn(async move { host.upload(upload).await });
    tokio::time::sleep(Duration::from_millis(400)).await;
    server.stop();
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, SshError::ConnectionLost { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[tokio::test]
async fn a_given_up_upload_leaves_nothing() {
    let server = Sshd::start();
    let host = server.connect().await;
    let path = server.path("file");
    fs::write(&path, "old").unwrap();
    let upload = Upload { timeout: Duration::from_millis(300), ..Upload::new(&path, vec![7; 200_000_000]) };
    let error = host.upload(upload).await.unwrap_err();
    assert!(matches!(error, SshError::Timeout { .. }), "{error:?}");
    let end = std::time::Instant::now() + Duration::from_secs(5);
    while !leftovers(server.dir.path()).is_empty() {
        assert!(std::time::Instant::now() < end, "{:?}", leftovers(server.dir.path()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

fn leftovers(dir: &Path) -> Vec<PathBuf> {
    let hidden = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with(".regionctl");
    fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(hidden).collect()
}

/// A file system of 64 KiB.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Self {
        fs::create_dir(&at).unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(&at).status().unwrap();
        assert!(done.success(), "cannot mount a tmpfs");
        Self(at)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
