//! A key that a plugin of age holds opens the region's secrets. The plugin is our own stand-in for one with hardware, by the
//! `age-plugin` crate; the terminal is a real one, by `script`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use regionctl_tests::region::{LabRegion, regionctl};

const PLUGIN: &str = env!("CARGO_BIN_EXE_age-plugin-regiontest");

struct Operator {
    folder: tempfile::TempDir,
    path: String,
}

impl Operator {
    /// With a region, and a key that this plugin made, whose public half comes back.
    fn new() -> (Self, String) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("region.yaml"), LabRegion::example("plugin").unwrap()).unwrap();
        let made = String::from_utf8(Command::new(PLUGIN).output().unwrap().stdout).unwrap();
        let public = made.lines().find_map(|line| line.strip_prefix("# recipient: ")).unwrap().to_owned();
        let path = std::env::var("PATH").unwrap();
        let with_plugin = format!("{}:{path}", Path::new(PLUGIN).parent().unwrap().display());
        let operator = Self { folder, path: with_plugin };
        operator.key("key.txt", &made);
        (operator, public)
    }

    fn key(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// Runs `regionctl secrets` on a terminal, where this is typed.
    fn types(&self, typed: &str, words: &str) -> (bool, String) {
        let line = format!("{} -f region.yaml secrets {words} --identity key.txt", regionctl().unwrap().display());
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).current_dir(self.folder.path()).env("PATH", &self.path);
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        said(&child.wait_with_output().unwrap())
    }

    /// The same with nobody there.
    fn alone(&self, path: &str, words: &[&str]) -> (bool, String) {
        let mut command = Command::new(regionctl().unwrap());
        command.args(["-f", "region.yaml", "secrets"]).args(words).args(["--identity", "key.txt"]);
        said(&command.current_dir(self.folder.path()).env("PATH", path).stdin(Stdio::null()).output().unwrap())
    }
}

fn said(output: &Output) -> (bool, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn a_key_of_a_plugin_opens_the_secrets_with_its_pin() {
    let (operator, public) = Operator::new();
    let (good, said) = operator.alone(&operator.path, &["recipients", "add", &public]);
    assert!(good && said.contains("wrote"), "{said}");
    assert!(operator.folder.path().join("secrets.age").exists());

    let (good, said) = operator.types("1234\n", "recipients list");
    assert!(good && said.contains(&public), "{said}");
    assert!(said.contains("touch the key") && said.contains("PIN of the key"), "{said}");
    assert!(!said.contains("\u{1b}[2J"), "what a plugin says drives the terminal: {said:?}");

    let (good, said) = operator.types("4321\n", "recipients list");
    assert!(!good && said.contains("the PIN is wrong"), "{said}");
    let (good, said) = operator.alone(&operator.path, &["recipients", "list"]);
    assert!(!good && said.contains("cannot be opened by the plugin of a key"), "{said}");
}

#[test]
fn a_plugin_that_is_missing_is_named_and_so_is_a_key_without_its_public_half() {
    let (operator, public) = Operator::new();
    let empty = operator.folder.path().display().to_string();
    let (good, said) = operator.alone(&empty, &["recipients", "add", &public]);
    assert!(!good && said.contains("needs the program `age-plugin-regiontest`"), "{said}");
    assert!(!operator.folder.path().join("secrets.age").exists());

    // Everybody who saves needs what encrypts to everybody.
    let other = tempfile::tempdir().unwrap();
    let own = other.path().join("own");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&own).status().unwrap();
    assert!(made.success());
    let own_public = std::fs::read_to_string(own.with_extension("pub")).unwrap();
    operator.key("key.txt", &std::fs::read_to_string(&own).unwrap());
    let (good, said) = operator.alone(&empty, &["recipients", "add", own_public.trim()]);
    assert!(good, "{said}");
    let (good, said) = operator.alone(&empty, &["recipients", "add", &public]);
    assert!(!good && said.contains("`age-plugin-regiontest`, which encrypts to it"), "{said}");

    let made = String::from_utf8(Command::new(PLUGIN).output().unwrap().stdout).unwrap();
    let private = made.lines().find(|line| line.starts_with("AGE-PLUGIN-")).unwrap();
    operator.key("key.txt", &format!("{private}\n"));
    let (good, said) = operator.alone(&operator.path, &["recipients", "list"]);
    assert!(!good && said.contains("does not say which recipient") && said.contains("# recipient: age1"), "{said}");
    assert!(!said.contains(private), "{said}");
}
