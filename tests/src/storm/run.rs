//! A run of the binary that can be disturbed. What it says and its events go to files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::region::{Failed, LabRegion, until, until_looking_every, want};

/// Longer than any run takes; one that waits without an end is caught by it.
const LIMIT: u64 = 900;
/// Changes of a few milliseconds are met, too.
const SOON: Duration = Duration::from_millis(5);

/// See the module.
pub struct Run {
    child: Child,
    words: String,
    said: PathBuf,
    events: PathBuf,
}

/// How a run ended.
pub struct Ended {
    /// True if all is done.
    pub ok: bool,
    /// How many events it had; none if there was nothing to do.
    pub events: usize,
    /// The command, its end, and what it said.
    pub said: String,
}

impl Run {
    /// Starts a verb; `name` is of its files in the region's folder. `home` is another operator's folder for labs.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn begin(region: &LabRegion, arguments: &[&str], name: &str, home: Option<&Path>) -> Result<Self, Failed> {
        let path = |ending: &str| PathBuf::from(region.path(&format!("{name}.{ending}")));
        let (said, events) = (path("said"), path("ndjson"));
        let text = |error: std::io::Error| format!("{}: {error}", said.display());
        let out = File::create(&said).map_err(text)?;
        let _ = std::fs::remove_file(&events);
        let mut command = region.command(&[&["--lab"], arguments].concat())?;
        command.arg("--events").arg(&events);
        command.stderr(out.try_clone().map_err(text)?).stdout(out);
        if let Some(home) = home {
            command.env("XDG_STATE_HOME", home);
        }
        let child = command.spawn().map_err(|error| error.to_string())?;
        Ok(Self { child, words: arguments.join(" "), said, events })
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        std::fs::read_to_string(&self.events).map_or(0, |text| text.lines().count())
    }

    /// Waits for this event, or for the end.
    ///
    /// # Errors
    /// Neither comes.
    pub fn reaches(&mut self, event: usize) -> Result<(), Failed> {
        let what = format!("event {event} of `{}`", self.words);
        until_looking_every(SOON, LIMIT, &what, || self.events() >= event || self.has_ended())
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether it has nothing left to do but to say so.
    pub fn is_over(&self) -> bool {
        std::fs::read_to_string(&self.events).is_ok_and(|text| text.contains(r#""event":"run-ended""#))
    }

    /// Whether it has ended, and well.
    pub fn ended_well(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(status)) if status.success())
    }

    /// Goes on for a while, or to the end.
    pub fn goes_on(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.has_ended() {
            std::thread::sleep(SOON);
        }
    }

    /// Sends a signal, if it still runs.
    ///
    /// # Errors
    /// It cannot be sent.
    pub fn signal(&mut self, signal: Signal) -> Result<(), Failed> {
        if self.has_ended() {
            return Ok(());
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
        kill_process(pid, signal).map_err(|error| error.to_string())
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// It does not come, with what the run said so far.
    pub fn end(mut self) -> Result<Ended, Failed> {
        let waited = until(LIMIT, &format!("`{}` to end", self.words), || self.has_ended());
        waited.map_err(|error| format!("{error}\n{}", self.said()))?;
        let status: ExitStatus = self.child.wait().map_err(|error| error.to_string())?;
        let events = self.events();
        let said = format!("`{}` ended with {status} after {events} events:\n{}", self.words, self.said());
        Ok(Ended { ok: status.success(), events, said })
    }

    /// The end of it: the plan before it is long, and the same again with the same seed.
    fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.said).unwrap_or_else(|error| error.to_string());
        let lines: Vec<_> = text.lines().collect();
        lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n")
    }
}

/// A run that is lost sight of is not left behind.
impl Drop for Run {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs a verb undisturbed, and gives when each of its events came.
///
/// # Errors
/// It does not end well.
pub fn undisturbed(region: &LabRegion, arguments: &[&str]) -> Result<Vec<Duration>, Failed> {
    let (begun, mut came) = (Instant::now(), Vec::new());
    let mut run = Run::begin(region, arguments, "undisturbed", None)?;
    until_looking_every(SOON, LIMIT, &format!("`{}` to end", run.words), || {
        let ended = run.has_ended();
        came.resize(run.events(), begun.elapsed());
        ended
    })?;
    let ended = run.end()?;
    want(ended.ok, || ended.said.clone())?;
    Ok(came)
}
