//! With real users and the real sudo: two accounts are made for the test and removed after it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use regionctl_ssh::{Endpoint, Host, Script, SshError, Upload};

use crate::sshd::{Sshd, sh};

struct User {
    name: String,
    rule: PathBuf,
}

impl User {
    fn add(name: &str, home: &std::path::Path, may_sudo: bool) -> Self {
        assert!(std::path::Path::new("/usr/bin/sudo").exists(), "no sudo: install the package sudo");
        let name = format!("rctl-{name}-{}", std::process::id());
        // `*`: no password, and not locked, which sshd would refuse.
        let done =
            Command::new("useradd").args(["-M", "-p", "*", "-s", "/bin/bash", "-d"]).arg(home).arg(&name).status().unwrap();
        assert!(done.success());
        let rule = PathBuf::from(format!("/etc/sudoers.d/{name}"));
        if may_sudo {
            fs::write(&rule, format!("{name} ALL=(ALL) NOPASSWD: ALL\n")).unwrap();
        }
        Self { name, rule }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.rule);
        // By force: its session may not have ended yet.
        let _ = Command::new("userdel").arg("--force").arg(&self.name).output();
        assert!(!fs::read_to_string("/etc/passwd").unwrap().contains(&self.name), "{} is left over", self.name);
    }
}

#[tokio::test]
async fn commands_scripts_and_uploads_run_as_root() {
    let server = Sshd::start();
    fs::write(server.path("home/.bashrc"), "echo Welcome\n").unwrap();
    let user = User::add("may", &server.path("home"), true);
    let endpoint = Endpoint { user: user.name.clone(), sudo: true, ..server.endpoint() };
    let host = Host::connect(&endpoint).await.unwrap();
    assert!(host.exec(sh("id -un; echo 'it'\\''s'")).await.unwrap().text() == "root\nit's\n");
    let out = host.script(Script::new("id -un\nexit 3"), |_| ()).await.unwrap();
    assert_eq!((out.text().as_ref(), out.end), ("root\n", regionctl_ssh::End(3)));
    let path = server.path("by-root");
    host.upload(Upload::new(&path, "x")).await.unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&path).unwrap()), 0);
}

#[tokio::test]
async fn a_refusal_is_an_error_of_its_own() {
    let server = Sshd::start();
    let user = User::add("maynot", &server.path("home"), false);
    let endpoint = Endpoint { user: user.name.clone(), sudo: true, ..server.endpoint() };
    let host = Host::connect(&endpoint).await.unwrap();
    let errors = [
        host.exec(sh("true")).await.unwrap_err(),
        host.script(Script::new("true"), |_| ()).await.unwrap_err(),
        host.upload(Upload::new("/root/x", "x")).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, SshError::SudoRefused { .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("NOPASSWD"), "{error:?}");
    }
}
