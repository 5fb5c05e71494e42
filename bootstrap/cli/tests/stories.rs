//! Command stories: what the binary prints and how it ends, word for word. None of them needs a host.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/golden.rs"]
mod golden;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use regionctl_secrets::{Recipient, Secret, Secrets};

/// A folder with an inventory in it, and nothing of the tester's own.
struct Story {
    folder: tempfile::TempDir,
}

/// How a command ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Story {
    /// An empty folder.
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with an inventory whose two servers refuse the connection.
    fn with_region() -> Self {
        let story = Self::new();
        story.file("region.yaml", include_str!("fixtures/two-servers.yaml"));
        story
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regionctl"));
        command.args(line.split_whitespace()).current_dir(self.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.path()).env("PATH", "/usr/bin:/bin");
        command
    }

    fn run(&self, line: &str) -> Ended {
        let output = self.command(line).output().unwrap();
        let text =
            |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace(&self.path().display().to_string(), "[folder]");
        Ended { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Runs commands and compares everything with `tests/golden/stories/NAME.txt`.
    fn tell(&self, name: &str, lines: &[&str]) {
        let mut told = String::new();
        for line in lines {
            let Ended { code, stdout, stderr } = self.run(line);
            told += &format!("$ regionctl {line}\n");
            for (stream, text) in [("stdout", stdout), ("stderr", stderr)] {
                if !text.is_empty() {
                    told += &format!("--- {stream}\n{text}");
                }
            }
            told += &format!("--- exit {code}\n\n");
        }
        golden::check(&format!("stories/{name}"), &told);
    }
}

#[test]
fn help() {
    let story = Story::new();
    story.tell("help", &["--help"]);
    for verb in [
        "init",
        "validate",
        "schema",
        "layers",
        "preflight",
        "plan",
        "install",
        "status",
        "disk",
        "disk list",
        "disk replace",
        "support",
        "history",
        "reset",
        "secrets",
        "secrets show",
        "secrets renew",
        "secrets recipients",
        "secrets recipients list",
        "secrets recipients add",
        "secrets recipients remove",
        "secrets recipients rotate",
        "lab",
        "lab exec",
        "lab cut",
        "lab heal",
        "lab power",
        "completions",
    ] {
        story.tell(&format!("help-{}", verb.replace(' ', "-")), &[&format!("{verb} --help")]);
    }
}

#[test]
fn a_wrong_command_line_is_not_pending_changes() {
    Story::new()
        .tell("usage", &["instal", "plan --hots a", "plan --layer base --from base", "plan --parallel 0", "completions tcsh"]);
}

#[test]
fn no_inventory() {
    Story::new().tell("no-inventory", &["validate", "plan -f other/region.yaml", "status", "history", "layers"]);
}

#[test]
fn an_inventory_is_written_once() {
    let story = Story::new();
    story.tell("init", &["init --servers 4", "validate", "init", "init --force --servers 2 -o json", "init root@:22"]);
    let printed = story.run("init --output -");
    assert_eq!((printed.code, printed.stderr.as_str()), (0, ""));
    assert!(printed.stdout.contains("kind: Region"));
}

#[test]
fn a_good_inventory() {
    Story::with_region().tell("validate-good", &["validate", "validate -o json", "validate -o yaml", "layers"]);
}

#[test]
fn a_bad_inventory_is_told_whole_and_contacts_nobody() {
    let story = Story::with_region();
    let bad = include_str!("fixtures/two-servers.yaml")
        .replace("release: \"2026.11\"", "relaese: \"2026.11\"")
        .replace("name: b\n", "name: a\n");
    story.file("region.yaml", &bad);
    story.file("empty.yaml", "");
    story.tell("validate-bad", &["validate", "plan", "install --yes", "validate -f empty.yaml -o json"]);
}

#[test]
fn names_that_the_region_does_not_have() {
    let lines = [
        "plan --host c",
        "status --host storage-1",
        "plan --layer gluter",
        "plan --layer kubernetes",
        "plan --from console",
        "plan --layer gluster",
        "reset --wipe a",
        "reset --wipe a:sda",
        "reset --wipe c:sda",
        "disk replace a",
        "disk replace a:sda",
        "disk replace c:sda",
    ];
    Story::with_region().tell("unknown-names", &lines);
}

#[test]
fn hosts_that_refuse_the_connection() {
    let lines = [
        "plan",
        "install --yes",
        "status",
        "reset --yes",
        "preflight --host a",
        "disk list",
        "init 127.0.0.1:1 --output new.yaml",
    ];
    Story::with_region().tell("refused", &lines);
}

#[test]
fn an_archive_is_written_even_if_nobody_answers() {
    let story = Story::with_region();
    story.file("secrets.age", "not encrypted");
    let lines = ["support --out a.tar.gz", "support --host b --out b.tar.gz -o json", "support --since 1w", "support --host c"];
    story.tell("support", &lines);
    let listed = Command::new("tar").arg("-tzf").arg(story.path().join("a.tar.gz")).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<_> = listed.lines().filter_map(|path| path.split_once('/')).map(|(_, file)| file).collect();
    assert_eq!(files, ["README.txt", "region.yaml", "generations.json"]);
}

#[test]
fn history() {
    let story = Story::with_region();
    story.tell("history-empty", &["history", "history 3", "history -o json"]);
    let journal = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render/journal.txt");
    story.file(".regionctl/runs/20261121-120300-ab12.ndjson", &std::fs::read_to_string(journal).unwrap());
    story.tell("history", &["history", "history 2026", "history -o yaml", "history x"]);
}

#[test]
fn plan_files_that_are_none() {
    let story = Story::with_region();
    story.file("no.plan", "hello");
    story.file("old.plan", r#"{"format": 0}"#);
    let plan = r#"{"format":1,"id":"000000000000","region":"demo","release":"2026.11","parent":null,"inventory":"","stages":[],"findings":[],"notes":[]}"#;
    story.file("edited.plan", plan);
    story.tell(
        "plan-files",
        &["install --plan none.plan", "install --plan no.plan", "install --plan old.plan", "install --plan edited.plan"],
    );
}

/// The public halves of fixtures/alice.txt and fixtures/bob.txt.
const ALICE: &str = "age17dr0sf8xfwurufk5jlcjc737p85e3j3wz7yl3g8zwr5au98ulf4s6dqhrr";
const BOB: &str = "age1yhlzywhuxl5r4n0wpxw36cfc0evw6g2dzax78ugrl4zkndgxsulq99n247";

#[test]
fn who_can_open_the_secrets() {
    let story = Story::with_region();
    story.tell("secrets-none", &["secrets show", "secrets recipients remove alice", &format!("secrets recipients add {ALICE}")]);
    story.file("bob.txt", include_str!("fixtures/bob.txt"));
    story.file(".config/regionctl/identity.txt", include_str!("fixtures/alice.txt"));
    let lines = [
        "secrets recipients add hunter2",
        &format!("secrets recipients add {BOB}"),
        &format!("secrets recipients add {ALICE} --label alice"),
        "secrets recipients remove alice",
        "secrets show --identity bob.txt",
        &format!("secrets recipients add {BOB} --label bob"),
        &format!("secrets recipients add {BOB}"),
        "secrets recipients list",
        "secrets recipients list -o json --identity bob.txt",
        "secrets recipients remove alice",
        "secrets recipients remove carol",
        "secrets recipients rotate",
        "secrets recipients rotate -o json",
        "secrets recipients remove bob",
        "secrets show",
        "secrets show --identity none.txt",
        "secrets show --identity region.yaml",
    ];
    story.tell("secrets-recipients", &lines);
    story.file("secrets.age", "not encrypted");
    story.tell("secrets-damaged", &["secrets show"]);
}

#[test]
fn an_ssh_key_opens_the_secrets() {
    let story = Story::with_region();
    story.file(".ssh/config", "");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "carol@laptop", "-f"])
        .arg(story.path().join(".ssh/id_ed25519"))
        .status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(story.path().join(".ssh/id_ed25519.pub")).unwrap();
    let added = story.command("secrets recipients add").arg(public).output().unwrap();
    let said = String::from_utf8(added.stderr).unwrap();
    assert!(said.starts_with("wrote `secrets.age`, which `carol@laptop` can open\n"), "{said}");
    let listed = story.run("secrets recipients list");
    assert!(listed.stdout.contains("carol@laptop  yes    ssh-ed25519 AAAA"), "{}", listed.stdout);
    let private = std::fs::read_to_string(story.path().join(".ssh/id_ed25519")).unwrap();
    let refused = story.command("secrets recipients add").arg("--").arg(&private).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(64));
    assert!(said.starts_with("error: this is not a recipient: it is a private key\n"), "{said}");
    assert!(!said.contains("BEGIN"), "{said}");
}

#[test]
fn a_passphrase_is_asked_for_on_a_terminal() {
    let story = Story::with_region();
    let key = story.path().join("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "hunter2", "-f"]).arg(&key).status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(story.path().join("key.pub")).unwrap();
    let person = Recipient::parse(&public).unwrap().labelled(Some("carol"));
    let mut secrets = Secrets::create(&story.path().join("secrets.age"), vec![person]).unwrap();
    secrets.put("vrrp", Secret::new("value".to_owned()), None).unwrap();
    secrets.save().unwrap();
    let line = "secrets show --identity key";
    assert_ne!(story.run(line).code, 0, "nobody was asked");
    // A terminal of its own, on which this is typed.
    let on_terminal = |typed: &str| {
        let mut command = Command::new("script");
        let program = format!("{} {line}", env!("CARGO_BIN_EXE_regionctl"));
        command.args(["-qec", &program, "/dev/null"]).current_dir(story.path()).env_clear();
        command.env("HOME", story.path()).env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
    };
    let (code, said) = on_terminal("hunter2\n");
    assert!(code == Some(0) && said.contains("passphrase of") && said.contains("vrrp"), "{said}");
    let (code, said) = on_terminal("wrong\n");
    assert!(code == Some(1) && said.contains("passphrase of a key is another one"), "{said}");
}

#[test]
fn secrets_are_shown_without_their_values() {
    let story = Story::with_region();
    story.file(".config/regionctl/identity.txt", include_str!("fixtures/alice.txt"));
    let people = [(ALICE, "alice"), (BOB, "bob")];
    let people = people.map(|(key, name)| Recipient::parse(key).unwrap().labelled(Some(name)));
    let mut secrets = Secrets::create(&story.path().join("secrets.age"), people.to_vec()).unwrap();
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_219_200);
    for (name, expires) in [("vpn/ca/cert", Some(7_258_118_400)), ("vpn/server/cert", Some(1_000_000_000)), ("vrrp", None)] {
        secrets.put_at(name, Secret::new("hunter2".to_owned()), expires, made).unwrap();
    }
    secrets.save().unwrap();
    let lines = [
        "secrets show",
        "secrets recipients remove bob",
        "secrets show",
        "secrets show -o yaml",
        "secrets recipients rotate",
        "secrets recipients rotate -o json",
    ];
    story.tell("secrets-show", &lines);
    for line in lines {
        let Ended { stdout, stderr, .. } = story.run(line);
        assert!(!(stdout + &stderr).contains("hunter2"), "{line}");
    }
}

impl Story {
    /// A region whose server `a` is a VPN's for the user dora; alice can open its secrets, of which there are none yet.
    fn with_vpn() -> (Self, Secrets) {
        let story = Self::with_region();
        story.file("region.yaml", &(include_str!("fixtures/two-servers.yaml").to_owned() + "  vpn: {users: [{name: dora}]}\n"));
        story.file(".config/regionctl/identity.txt", include_str!("fixtures/alice.txt"));
        let alice = Recipient::parse(ALICE).unwrap().labelled(Some("alice"));
        let mut secrets = Secrets::create(&story.path().join("secrets.age"), vec![alice]).unwrap();
        secrets.save().unwrap();
        (story, secrets)
    }
}

#[test]
fn certificates_that_end_soon_are_told() {
    let (story, mut secrets) = Story::with_vpn();
    let text = std::fs::read_to_string(story.path().join("region.yaml")).unwrap();
    let known = regionctl_inventory::Known { releases: &regionctl_images::names() };
    let region = regionctl_inventory::parse(&text, "region.yaml", &known).unwrap_or_else(|error| panic!("{error}")).region;
    // The server's certificate and the list of revoked ones are good for a year, the user's for 90 days.
    let then = SystemTime::now() - Duration::from_secs(300 * 86_400);
    regionctl_roles::secrets::ensure(&region, &mut secrets, then).unwrap();
    secrets.save().unwrap();
    let said = story.run("status").stdout;
    let state = |name: &str| said.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(state("vpn/servers/a/cert").ends_with("to be renewed") && state("vpn/crl").ends_with("to be renewed"), "{said}");
    assert!(state("vpn/users/dora/cert").ends_with("over"), "{said}");
    assert!(state("vpn/ca/cert").is_empty() && said.contains("`regionctl install` renews them"), "{said}");
    let all: serde_json::Value = serde_json::from_str(&story.run("status -o json").stdout).unwrap();
    let names = all["certificates"].as_array().unwrap().iter().map(|one| (one["name"].as_str().unwrap(), one["due"] == true));
    let expected = [("vpn/ca/cert", false), ("vpn/crl", true), ("vpn/servers/a/cert", true), ("vpn/users/dora/cert", true)];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[test]
fn secrets_are_made_anew_by_name() {
    let (story, _) = Story::with_vpn();
    let lines = [
        "vpn user add carol",
        "secrets renew vpn/servers/a vpn/users/carol/key",
        "secrets renew vpn/ca region/seal",
        "secrets renew vpn/servers/c",
        "secrets renew vpn/crl",
        "secrets renew vpn/users/dora",
        "secrets renew",
    ];
    story.tell("secrets-renew", &lines);
}

#[test]
fn a_schema_and_completions_are_for_programs() {
    let story = Story::new();
    let schema = story.run("schema");
    let value: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(value.pointer("/properties/spec").is_some());
    assert_eq!((schema.code, schema.stderr.as_str()), (0, ""));
    assert!(story.run("schema -o yaml").stdout.contains("properties:"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = story.run(&format!("completions {shell}"));
        assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{shell}");
        assert!(script.stdout.contains("preflight"), "{shell}");
    }
    story.file("regionctl.bash", &story.run("completions bash").stdout);
    let checked = Command::new("bash").arg("-n").arg(story.path().join("regionctl.bash")).status();
    assert!(checked.is_ok_and(|status| status.success()));
}

#[test]
fn colours_only_where_they_are_wanted() {
    let story = Story::with_region();
    let coloured = |line: &str, name: &str, value: &str| {
        let output = story.command(line).env(name, value).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(coloured("layers", "CLICOLOR_FORCE", "1"));
    assert!(!coloured("layers --no-color", "CLICOLOR_FORCE", "1"));
    assert!(!coloured("layers", "NO_COLOR", "1"));
    assert!(!coloured("layers", "LANG", "C"));
    assert!(!coloured("layers -o json", "CLICOLOR_FORCE", "1"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let story = Story::new();
    let mut child = story.command("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_file_is_named_by_the_environment_too() {
    let story = Story::with_region();
    std::fs::rename(story.path().join("region.yaml"), story.path().join("paris.yaml")).unwrap();
    let output = story.command("validate").env("REGIONCTL_FILE", "paris.yaml").output().unwrap();
    assert!(output.status.success());
}
