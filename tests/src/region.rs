//! A region on a lab, driven by the binary as an operator would.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use regionctl_plan::{Event, Plan, What};

/// A lab region in a folder of its own; the lab goes when the test ends.
pub struct LabRegion {
    folder: tempfile::TempDir,
    file: PathBuf,
}

/// What a step expected and did not find.
pub type Failed = String;

/// Wants a condition to hold.
///
/// # Errors
/// It does not.
pub fn want(condition: bool, or: impl FnOnce() -> String) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(or()) }
}

/// Waits for a condition, at most `seconds`.
///
/// # Errors
/// It does not come true.
pub fn until(seconds: u64, what: &str, holds: impl FnMut() -> bool) -> Result<(), Failed> {
    until_looking_every(Duration::from_millis(300), seconds, what, holds)
}

/// As [`until`], looking as often as said.
///
/// # Errors
/// It does not come true.
pub fn until_looking_every(pause: Duration, seconds: u64, what: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failed> {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        want(Instant::now() < end, || format!("waited {seconds} s for {what}"))?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// The binary of this workspace, beside the test programs.
///
/// # Errors
/// It was not built.
pub fn regionctl() -> Result<PathBuf, Failed> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = this.ancestors().map(|folder| folder.join("regionctl")).find(|path| path.is_file());
    program.ok_or_else(|| "`regionctl` is not built: `cargo build --workspace` comes first".into())
}

impl LabRegion {
    /// Brings up the example `lab.yaml` as a region called `name`, with keys that open its secrets.
    ///
    /// # Errors
    /// The lab does not come up.
    pub fn up(name: &str) -> Result<Self, Failed> {
        let region = Self::up_with(name, |text| text)?;
        region.keys()?;
        Ok(region)
    }

    /// As [`LabRegion::up`], with the document changed and without keys.
    ///
    /// # Errors
    /// The lab does not come up.
    pub fn up_with(name: &str, change: impl FnOnce(String) -> String) -> Result<Self, Failed> {
        let region = Self::planned(&change(Self::example(name)?))?;
        region.ok(&["lab", "down"])?;
        region.ok(&["lab", "up"])?;
        Ok(region)
    }

    /// The example `lab.yaml` for a lab of this name.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn example(name: &str) -> Result<String, Failed> {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inventory/examples/lab.yaml");
        let text = std::fs::read_to_string(&example).map_err(|error| format!("{}: {error}", example.display()))?;
        Ok(text.replacen("name: lab", &format!("name: {name}"), 1))
    }

    /// A region of this document, whose lab is not up yet.
    ///
    /// # Errors
    /// The document cannot be written.
    pub fn planned(document: &str) -> Result<Self, Failed> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let file = folder.path().join("region.yaml");
        let region = Self { folder, file };
        region.write(document)?;
        Ok(region)
    }

    /// A secrets file for the operator's key, and another as the recovery of the first; the keys are made once.
    ///
    /// # Errors
    /// A key cannot be made.
    pub fn keys(&self) -> Result<(), Failed> {
        for name in ["operator", "recovery"] {
            let key = self.path(name);
            if !Path::new(&key).exists() {
                let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &key]).status();
                want(made.is_ok_and(|status| status.success()), || "no key can be made".into())?;
            }
            let public = std::fs::read_to_string(format!("{key}.pub")).map_err(|error| error.to_string())?;
            self.ok(&["--lab", "secrets", "recipients", "add", public.trim()])?;
        }
        Ok(())
    }

    /// Replaces the document.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, document: &str) -> Result<(), Failed> {
        std::fs::write(&self.file, document).map_err(|error| error.to_string())
    }

    /// The document.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn document(&self) -> Result<String, Failed> {
        std::fs::read_to_string(&self.file).map_err(|error| error.to_string())
    }

    /// The hosts of the example.
    pub const HOSTS: [&str; 4] = ["compute-1", "compute-2", "storage-1", "storage-2"];

    /// A path in the region's folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The binary with these arguments, as this region's operator.
    ///
    /// # Errors
    /// It was not built.
    pub fn command(&self, arguments: &[&str]) -> Result<Command, Failed> {
        let mut command = Command::new(regionctl()?);
        command.arg("-f").arg(&self.file).args(arguments).stdin(Stdio::null());
        command.env("REGIONCTL_IDENTITY", self.path("operator"));
        Ok(command)
    }

    /// Runs the binary and gives its exit code, output and errors.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Output, Failed> {
        self.command(arguments)?.output().map_err(|error| error.to_string())
    }

    /// Starts the binary in the background.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Child, Failed> {
        let mut command = self.command(arguments)?;
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|error| error.to_string())
    }

    /// Runs the binary and wants an exit code.
    ///
    /// # Errors
    /// Another exit code.
    pub fn exits(&self, code: i32, arguments: &[&str]) -> Result<String, Failed> {
        let output = self.run(arguments)?;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.code() == Some(code) {
            return Ok(format!("{out}{err}"));
        }
        Err(format!("`regionctl {}` ended with {}, not {code}:\n{out}{err}", arguments.join(" "), output.status))
    }

    /// As [`LabRegion::exits`] with 0.
    ///
    /// # Errors
    /// Another exit code.
    pub fn ok(&self, arguments: &[&str]) -> Result<String, Failed> {
        self.exits(0, arguments)
    }

    /// Runs shell on a host as root, by the `ssh` program.
    ///
    /// # Errors
    /// It fails.
    pub fn on(&self, host: &str, script: &str) -> Result<String, Failed> {
        let output = self.run(&["lab", "exec", "--host", host, "--", "sh", "-c", script])?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("{host}: `{script}`: {}{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }

    /// The plan now.
    ///
    /// # Errors
    /// There is none.
    pub fn plan(&self, out: &str) -> Result<Plan, Failed> {
        let file = self.path(out);
        self.ok(&["--lab", "plan", "--out", &file])?;
        let json = std::fs::read(&file).map_err(|error| error.to_string())?;
        let mut document: serde_json::Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        serde_json::from_value(document["plan"].take()).map_err(|error| error.to_string())
    }

    /// The events that a run wrote with `--events`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn events(&self, name: &str) -> Result<Vec<Event>, Failed> {
        let text = std::fs::read_to_string(self.path(name)).map_err(|error| error.to_string())?;
        text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
    }

    /// What other tools say of a host: not our own observe.
    ///
    /// # Errors
    /// The host does not answer.
    pub fn state(&self, host: &str) -> Result<String, Failed> {
        self.on(host, crate::properties::STATE)
    }

    /// The state of every host.
    ///
    /// # Errors
    /// A host does not answer.
    pub fn states(&self) -> Result<BTreeMap<&'static str, String>, Failed> {
        Self::HOSTS.into_iter().map(|host| Ok((host, self.state(host)?))).collect()
    }
}

impl Drop for LabRegion {
    fn drop(&mut self) {
        if let Err(error) = self.ok(&["lab", "down"]) {
            eprintln!("{error}");
        }
    }
}

/// Done changes by host, from a journal.
pub fn done(events: &[Event]) -> BTreeMap<String, BTreeSet<String>> {
    let mut done: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in events {
        if let What::ChangeDone { host, id, .. } = &event.what {
            done.entry(host.clone()).or_default().insert(id.to_string());
        }
    }
    done
}

/// Planned changes by host.
pub fn planned(plan: &Plan) -> BTreeMap<String, BTreeSet<String>> {
    let mut planned: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, host, change) in plan.changes() {
        planned.entry(host.to_owned()).or_default().insert(change.id().to_string());
    }
    planned
}
