//! An operator with a folder of their own, whose runs are processes that can be stopped and killed.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::zombie_processes,
    reason = "a test may panic: that is how it fails"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use regionctl_plan::{Event, What};

use crate::place;
use crate::wish::{Access, Wish};

/// See the module.
pub struct Operator {
    folder: tempfile::TempDir,
    /// How the hosts are reached.
    pub access: Access,
    wisher: &'static str,
}

impl Operator {
    /// An operator of a lab; `wisher` is the program that runs a wish.
    pub fn of(lab: &str, wisher: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let access = place::access(lab, folder.path().to_owned()).unwrap();
        Self { folder, access, wisher }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a run; gives the process once it has reached `until`.
    pub fn start(&self, wish: &Wish, until: impl Fn(&What) -> bool) -> (Child, BufReader<ChildStdout>) {
        let file = |name: &str, json: String| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, json).unwrap();
            path
        };
        let access = file("access.json", serde_json::to_string(&self.access).unwrap());
        let wish = file("wish.json", serde_json::to_string(wish).unwrap());
        let mut child = Command::new(self.wisher)
            .arg(access)
            .arg(wish)
            .arg("apply")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the run ended early");
            if serde_json::from_str::<Event>(&line).is_ok_and(|event| until(&event.what)) {
                return (child, lines);
            }
        }
    }
}
