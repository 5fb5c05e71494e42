//! A region of two such servers, the operator's home, and what must be true whatever a server says.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_inventory::{Known, parse};
use regionctl_secrets::{Recipient, Secrets};

use super::server::{Answers, Server};
use crate::region::{Failed, regionctl, want};

/// A key that opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1548CDTGHUFDGCWUVW2HWUPR4ALZK3DM5QHJVLVE8WV5KQD743KZS0WFJ7N\n";
const RECIPIENT: &str = "age17dr0sf8xfwurufk5jlcjc737p85e3j3wz7yl3g8zwr5au98ulf4s6dqhrr";
/// Longer than any of these runs takes.
const LIMIT: Duration = Duration::from_secs(100);

/// See the module.
pub struct HostileRegion {
    home: tempfile::TempDir,
    /// The server that lies.
    pub bad: Server,
    /// The other one.
    pub good: Server,
    values: BTreeMap<String, String>,
    binary: PathBuf,
}

/// How a run ended.
pub struct Said {
    /// Standard output and standard error.
    pub all: String,
    /// The exit code; -1 without one.
    pub code: i32,
}

impl HostileRegion {
    /// A region `demo` of `bad`, a VPN's server with an encrypted disk, and `good`. Its secrets are made and known.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(bad: Answers, good: Answers) -> Result<Self, Failed> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let home = tempfile::tempdir().map_err(|error| text(&error))?;
        let (bad, good) = (Server::start("127.0.0.1", bad)?, Server::start("127.0.0.2", good)?);
        let mut region = Self { home, bad, good, values: BTreeMap::new(), binary: regionctl()? };
        let document = region.document();
        region.write("region/region.yaml", &document)?;
        region.write(".config/regionctl/identity.txt", IDENTITY)?;
        let key = region.path(".ssh/id_ed25519");
        region.write(".ssh/known_hosts", "")?;
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
        want(keygen.status().map_err(|error| text(&error))?.success(), || "no key was made".into())?;
        let inventory = parse(&document, "region.yaml", &Known { releases: &regionctl_images::names() });
        let inventory = inventory.map_err(|mistakes| mistakes.to_string())?;
        let recipient = Recipient::parse(RECIPIENT).map_err(|error| text(&error))?;
        let mut secrets = Secrets::create(&region.path("region/secrets.age"), vec![recipient]).map_err(|error| text(&error))?;
        regionctl_roles::secrets::ensure(&inventory.region, &mut secrets, SystemTime::now()).map_err(|error| text(&error))?;
        secrets.save().map_err(|error| text(&error))?;
        let entries = secrets.entries().map(|(name, entry)| (name.to_owned(), entry.value.reveal().trim().to_owned()));
        region.values = entries.collect();
        Ok(region)
    }

    fn document(&self) -> String {
        let (bad, good) = (self.bad.port, self.good.port);
        format!(
            r#"apiVersion: regionctl.dev/v1alpha1
kind: Region
metadata: {{name: demo}}
spec:
  release: "2026.11"
  ssh: {{agent: false}}
  network:
    vrack: {{cidr: 10.20.0.0/24}}
    firewall: {{operators: [127.0.0.0/8]}}
  vpn: {{users: [{{name: dora}}], servers: [bad]}}
  servers:
    - {{name: bad, roles: [compute], address: 127.0.0.1, port: {bad}, vrack: {{address: 10.20.0.20}}}}
    - {{name: good, roles: [storage], address: 127.0.0.2, port: {good}, vrack: {{address: 10.20.0.21}}}}
"#
        )
    }

    /// A file in the operator's home; the region's folder is `region`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes such a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<(), Failed> {
        let path = self.path(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = made.and_then(|()| std::fs::write(&path, content));
        let closed = written.and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)));
        closed.map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Runs the binary in the region's folder, and looks at what must be so however it ends.
    ///
    /// # Errors
    /// It takes too long, drives the terminal, or what belongs to somebody else went somewhere.
    pub fn run(&self, arguments: &[&str]) -> Result<Said, Failed> {
        let text = |error: std::io::Error| error.to_string();
        let before = self.outside()?;
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.path("region")).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", self.home.path()).stdin(Stdio::null());
        let (out, err) = (self.path("out"), self.path("err"));
        command.stdout(std::fs::File::create(&out).map_err(text)?).stderr(std::fs::File::create(&err).map_err(text)?);
        let begun = Instant::now();
        let mut child = command.spawn().map_err(text)?;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(text)? {
                break status;
            }
            if begun.elapsed() > LIMIT {
                let _ = child.kill();
                return Err(format!("`{}` did not end within {} s", arguments.join(" "), LIMIT.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let all = [&out, &err].map(|file| std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        let [out, err] = all;
        let all = out.map_err(text)? + &err.map_err(text)?;
        let drives = all.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        want(drives.is_none(), || format!("the terminal sees {drives:?}:\n{all}"))?;
        want(self.outside()? == before, || format!("`{}` wrote outside the region's folder", arguments.join(" ")))?;
        self.keeps_secrets()?;
        Ok(Said { all, code: status.code().unwrap_or(-1) })
    }

    /// What lies in the home beside the region's folder, but for what the operator's programs keep there.
    fn outside(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>, Failed> {
        let mut files = BTreeMap::new();
        let ours = ["region", "out", "err"].map(|name| self.path(name));
        let known = [self.path(".ssh/known_hosts"), self.path(".local")];
        collect(self.home.path(), &mut files, &|path| ours.contains(&path.to_owned()) || known.contains(&path.to_owned()))?;
        Ok(files)
    }

    /// No script and no file holds the value of a secret that is not for it.
    fn keeps_secrets(&self) -> Result<(), Failed> {
        for (server, scripts) in [("bad", self.bad.scripts()), ("good", self.good.scripts())] {
            for (name, value) in self.values.iter().filter(|(name, _)| !is_for(server, name)) {
                let holds = scripts.iter().any(|script| holds(script, value));
                want(!holds, || format!("{server} was sent the secret `{name}`"))?;
            }
        }
        let mut files = BTreeMap::new();
        collect(&self.path("region"), &mut files, &|_| false)?;
        for (path, content) in files {
            let content = String::from_utf8_lossy(&content);
            let held = self.values.iter().find(|(name, value)| !name.ends_with("/cert") && holds(&content, value));
            want(held.is_none(), || format!("{} holds the secret `{}`", path.display(), held.map_or("", |(name, _)| name)))?;
        }
        Ok(())
    }
}

/// What the VPN's server is given.
fn is_for(server: &str, secret: &str) -> bool {
    let vpn = ["vpn/ca/cert", "vpn/crl", "vpn/tls-crypt", "vpn/servers/bad/key", "vpn/servers/bad/cert"];
    server == "bad" && vpn.contains(&secret)
}

/// The value, its base64, or a line of it that says something by itself.
fn holds(text: &str, value: &str) -> bool {
    let telling = value.lines().map(str::trim).filter(|line| line.len() >= 24 && !line.starts_with("-----"));
    let encoded = [STANDARD.encode(value), STANDARD.encode(format!("{value}\n"))];
    encoded.iter().any(|encoded| text.contains(encoded)) || telling.into_iter().any(|line| text.contains(line))
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>, skip: &dyn Fn(&Path) -> bool) -> Result<(), Failed> {
    let text = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(text)? {
        let path = entry.map_err(text)?.path();
        if skip(&path) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(&path, files, skip)?;
        } else {
            let content = std::fs::read(&path).map_err(text)?;
            files.insert(path, content);
        }
    }
    Ok(())
}
