//! A suite of steps that share one lab; what came of each is in `target/e2e/NAME.json`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::region::Failed;

/// See the module.
pub struct Suite {
    name: &'static str,
    results: Vec<Ended>,
}

#[derive(Serialize)]
struct Ended {
    test: String,
    ok: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
}

impl Suite {
    /// A suite of this name. What an earlier run wrote goes.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn new(name: &'static str) -> Result<Self, Failed> {
        let suite = Self { name, results: Vec::new() };
        match std::fs::remove_file(suite.file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(suite),
        }
    }

    /// A part that can be run alone, by `PART=NAME` in the environment. What keeps it from its end counts as a failed step.
    pub fn part(&mut self, name: &'static str, run: impl FnOnce(&mut Self) -> Result<(), Failed>) {
        if std::env::var("PART").is_ok_and(|only| !only.is_empty() && only != name) {
            return;
        }
        let ended = run(self);
        if ended.is_err() {
            self.step(name, || ended);
        }
    }

    /// Parts that wait more than they work, beside each other.
    pub fn beside(&mut self, one: impl FnOnce(&mut Self) + Send, other: impl FnOnce(&mut Self)) {
        let mut aside = Self { name: self.name, results: Vec::new() };
        std::thread::scope(|scope| {
            scope.spawn(|| one(&mut aside));
            other(self);
        });
        self.results.append(&mut aside.results);
    }

    /// Tries a step; the others are tried whatever comes of it.
    pub fn step(&mut self, test: impl Into<String>, run: impl FnOnce() -> Result<(), Failed>) {
        let test = test.into();
        eprintln!("{}: {test}", self.name);
        let started = Instant::now();
        let error = run().err();
        if let Some(error) = &error {
            eprintln!("{}: {test}: {error}", self.name);
        }
        self.results.push(Ended { test, ok: error.is_none(), seconds: started.elapsed().as_secs_f64(), error });
    }

    /// Writes the results.
    ///
    /// # Errors
    /// A step failed, or the file cannot be written.
    pub fn end(self) -> Result<(), Failed> {
        let file = self.file();
        let json = serde_json::to_string_pretty(&self.results).map_err(|error| error.to_string())?;
        let written = std::fs::create_dir_all(folder()).and_then(|()| std::fs::write(&file, json + "\n"));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        let failed: Vec<_> = self.results.iter().filter(|result| !result.ok).map(|result| result.test.as_str()).collect();
        if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
    }

    fn file(&self) -> PathBuf {
        folder().join(format!("{}.json", self.name))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/e2e")
}
