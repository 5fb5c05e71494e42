//! Processes that outlive us: started apart, known by id and start time, found again by a mark in their environment.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use regionctl_plan::Argv;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::run::{command, run};
use crate::{LabError, wait};

/// The variable that marks every process of a lab; its value is the lab's name.
const MARK: &str = "REGIONCTL_LAB_PART";

/// The variable that marks every process of a host of a lab; its value is the host's name.
const HOST_MARK: &str = "REGIONCTL_LAB_HOST";

/// The marks of a host's processes, as `NAME=VALUE`: also for those that do not inherit our environment.
pub(crate) fn marks(lab: &str, host: &str) -> [String; 2] {
    [format!("{MARK}={lab}"), format!("{HOST_MARK}={host}")]
}

/// One process. The start time tells it from a later one that got the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pid: i32,
    /// In clock ticks since boot.
    started: u64,
}

impl Process {
    /// The process that has this id now, if it is alive.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let stat = stat(pid)?;
        Some(Self { pid, started: stat.started })
    }

    /// Its id, for display.
    pub(crate) fn pid(self) -> i32 {
        self.pid
    }

    /// Whether it still runs. A zombie does not.
    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Its living children.
    pub(crate) fn children(self) -> Vec<Self> {
        all_pids()
            .into_iter()
            .filter_map(|pid| {
                let stat = stat(pid)?;
                (stat.parent == self.pid).then_some(Self { pid, started: stat.started })
            })
            .collect()
    }

    /// Sends a signal to this process and never to a later one of the same id.
    pub(crate) fn signal(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        // The descriptor pins the process; only then is the start time compared.
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if self.is_alive() {
            // It may end in between, which is what was wanted.
            let _ = pidfd_send_signal(descriptor, signal);
        }
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self, what: &str, timeout: Duration) -> Result<(), LabError> {
        wait::until(format!("{what} to end (process {})", self.pid), timeout, || async { Ok((!self.is_alive()).then_some(())) })
            .await
    }

    /// Ends it at once.
    pub(crate) async fn kill(self, what: &str) -> Result<(), LabError> {
        self.signal(Signal::KILL);
        self.ended(what, Duration::from_secs(20)).await
    }
}

struct Stat {
    parent: i32,
    started: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The fields after the name, which is in parentheses and may hold anything. None for a zombie.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<_> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    Some(Stat { parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
}

fn all_pids() -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Every living process that the lab started, with the start of its command line; also those that no record knows.
pub(crate) fn of_lab(lab: &str) -> Vec<(Process, String)> {
    marked(&[format!("{MARK}={lab}")])
}

/// The same for one host.
pub(crate) fn of_host(lab: &str, host: &str) -> Vec<(Process, String)> {
    marked(&marks(lab, host))
}

fn marked(marks: &[String]) -> Vec<(Process, String)> {
    all_pids()
        .into_iter()
        .filter_map(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
            let has = |mark: &String| environment.split(|b| *b == 0).any(|word| word == mark.as_bytes());
            if !marks.iter().all(has) {
                return None;
            }
            let process = Process::of(pid)?;
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            Some((process, line.chars().take(80).collect()))
        })
        .collect()
}

/// Kills all of these until none is left: one that was being started may appear after the first look.
pub(crate) async fn kill_all(what: &str, find: impl Fn() -> Vec<(Process, String)> + Send + Sync) -> Result<(), LabError> {
    wait::until(format!("the processes of {what} to end"), Duration::from_secs(60), || async {
        let found = find();
        for (process, line) in &found {
            process.kill(line).await?;
        }
        Ok(found.is_empty().then_some(()))
    })
    .await
}

/// Whether systemd runs this machine. If not, we are in a container or a rescue shell.
pub(crate) fn machine_has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Starts a program apart from us, with its output appended to a log.
///
/// Under systemd it is a transient unit, which gives it a cgroup of its own to delegate; else a session of its own.
pub(crate) async fn start(marks: &[String], unit: &str, argv: &Argv, log: &Path) -> Result<Process, LabError> {
    let file = File::options().create(true).append(true).open(log).map_err(LabError::io("open", log))?;
    if machine_has_systemd() {
        return start_unit(marks, unit, argv, log).await;
    }
    let apart = Argv::new("setsid").args(argv.words().iter().cloned());
    let mut command = command(&apart);
    let other = file.try_clone().map_err(LabError::io("open", log))?;
    command
        .stdout(Stdio::from(file))
        .stderr(Stdio::from(other))
        .envs(marks.iter().filter_map(|mark| mark.split_once('=')))
        .current_dir("/");
    let child = command.spawn().map_err(LabError::io("start", argv.words().first().map_or("", |w| w.as_str())))?;
    // `setsid` and the programs before the last one replace themselves: the id stays.
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Process::of);
    pid.ok_or_else(|| ended_at_once(argv, log))
}

async fn start_unit(marks: &[String], unit: &str, argv: &Argv, log: &Path) -> Result<Process, LabError> {
    let mut run_unit = Argv::new("systemd-run")
        .args(["--quiet", "--collect", "--no-ask-password"])
        .arg(format!("--unit={unit}"))
        .args(["--property=Delegate=yes", "--property=KillMode=mixed", "--property=TasksMax=infinity"])
        .arg(format!("--property=StandardOutput=append:{}", log.display()))
        .arg(format!("--property=StandardError=append:{}", log.display()));
    for mark in marks {
        run_unit = run_unit.arg(format!("--setenv={mark}"));
    }
    run(&run_unit.arg("--").args(argv.words().iter().cloned())).await?;
    let show = Argv::new("systemctl").args(["show", "--property=MainPID", "--value"]).arg(format!("{unit}.service"));
    let pid = run(&show).await?;
    pid.trim().parse().ok().and_then(Process::of).ok_or_else(|| ended_at_once(argv, log))
}

fn ended_at_once(argv: &Argv, log: &Path) -> LabError {
    LabError::Program {
        command: argv.to_string(),
        status: "ended at once".to_owned(),
        output: crate::run::last_lines(&std::fs::read_to_string(log).unwrap_or_default(), 15),
        hint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_hostile_names_and_sees_zombies() {
        let line = |state: &str| format!("7 (a) b (c) {state} 3 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0");
        let stat = parse_stat(&line("S")).unwrap();
        assert_eq!((stat.parent, stat.started), (3, 4242));
        assert!(parse_stat(&line("Z")).is_none());
    }

    #[test]
    fn a_reused_id_is_not_the_process() {
        let me = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.is_alive());
        let other = Process { started: me.started + 1, ..me };
        assert!(!other.is_alive());
        other.signal(Signal::KILL);
    }

    #[tokio::test]
    async fn a_marked_process_is_found_without_a_record() {
        let lab = format!("unit-{}", std::process::id());
        let mut child = command(&Argv::new("sleep").arg("60")).env(MARK, &lab).spawn().unwrap();
        let found = wait::until("the mark", Duration::from_secs(5), || async {
            Ok(Some(of_lab(&lab)).filter(|found| found.iter().any(|(_, line)| line.starts_with("sleep"))))
        })
        .await
        .unwrap();
        found[0].0.kill("sleep").await.unwrap();
        child.wait().await.unwrap();
        assert!(of_lab(&lab).is_empty());
    }
}
