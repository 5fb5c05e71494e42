//! Keys and files for tests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use age::secrecy::ExposeSecret as _;
use regionctl_secrets::{Ask, FILE_NAME, Identities, Recipient, Secret, Secrets};

/// Somebody with a key.
pub struct Person {
    /// The private key file.
    pub file: PathBuf,
    /// The public half.
    pub recipient: Recipient,
}

impl Person {
    /// With an age identity, as `age-keygen` writes it.
    pub fn age(folder: &Path, name: &str) -> Self {
        let key = age::x25519::Identity::generate();
        let file = folder.join(name);
        let text = format!("# created: today\n# public key: {}\n{}\n", key.to_public(), key.to_string().expose_secret());
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let recipient = Recipient::parse(&key.to_public().to_string()).unwrap().labelled(Some(name));
        Self { file, recipient }
    }

    /// With an SSH key.
    pub fn ssh(folder: &Path, name: &str) -> Self {
        let file = ssh_keygen(folder, name, "ed25519", "");
        let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
        Self { file, recipient: Recipient::parse(&public).unwrap() }
    }

    /// The key, loaded.
    pub fn identities(&self) -> Identities {
        Identities::load(&[&self.file], &nobody()).unwrap()
    }
}

/// Nobody to ask.
pub fn nobody() -> Ask {
    Arc::new(|_| None)
}

/// Somebody who knows this passphrase.
pub fn knows(passphrase: &'static str) -> Ask {
    Arc::new(move |_| Some(secret(passphrase)))
}

/// A key as `ssh-keygen` makes it.
pub fn ssh_keygen(folder: &Path, name: &str, kind: &str, passphrase: &str) -> PathBuf {
    let file = folder.join(name);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", passphrase, "-C", name, "-f"]).arg(&file);
    assert!(command.status().unwrap().success());
    file
}

/// A file in this folder with one entry, `vpn/password`.
pub fn file(folder: &Path, people: &[&Person]) -> PathBuf {
    let path = folder.join(FILE_NAME);
    let mut secrets = Secrets::create(&path, people.iter().map(|person| person.recipient.clone()).collect()).unwrap();
    secrets.put("vpn/password", secret("hunter2"), None).unwrap();
    secrets.save().unwrap();
    path
}

/// A value to hide.
pub fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// A program of the machine; `None`, with a word about it, if it is not installed.
pub fn program(name: &str) -> Option<Command> {
    let folders = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let found = folders.split(':').map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("`{name}` is not installed: what it would say is not looked at");
    }
    found.map(Command::new)
}

/// Runs to a good end; its output.
pub fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{text}");
    text
}
