//! Local programs: run, timed, ended with us.

use std::process::Stdio;
use std::time::{Duration, Instant};

use regionctl_plan::Argv;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::bench::error::BenchError;

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_secs(900);

/// A program that ended well.
pub struct Ended {
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

/// What a program is given besides its words.
#[derive(Default)]
pub struct Given<'a> {
    /// Standard input.
    pub stdin: &'a str,
    /// More environment.
    pub env: &'a [(&'a str, String)],
    /// What to do if it fails.
    pub hint: &'a str,
}

/// Runs a program to its end.
pub async fn run(argv: &Argv) -> Result<Ended, BenchError> {
    run_with(argv, Given::default()).await
}

/// As [`run`], with input, environment, and a hint.
pub async fn run_with(argv: &Argv, given: Given<'_>) -> Result<Ended, BenchError> {
    let started = Instant::now();
    let program = |status: String, output: String| {
        let hint = if given.hint.is_empty() { "run it by hand to see more" } else { given.hint };
        BenchError::Program { command: shortened(argv), status, output, hint: hint.to_owned() }
    };
    let mut child = command(argv)
        .envs(given.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| program(error.to_string(), String::new()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early closes its input; its status says why.
        let _ = stdin.write_all(given.stdin.as_bytes()).await;
    }
    let output = match tokio::time::timeout(LIMIT, child.wait_with_output()).await {
        Ok(output) => output.map_err(|error| program(error.to_string(), String::new()))?,
        Err(_) => return Err(program(format!("still running after {} s", LIMIT.as_secs()), String::new())),
    };
    let elapsed = started.elapsed();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(Ended { stdout, stderr, elapsed });
    }
    Err(program(output.status.to_string(), stdout + &stderr))
}

/// The command of these words; its program ends when it is dropped.
pub fn command(argv: &Argv) -> Command {
    let words = argv.words();
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.get(1..).unwrap_or_default()).kill_on_drop(true);
    command
}

fn shortened(argv: &Argv) -> String {
    let line = argv.to_string();
    if line.chars().count() <= 200 { line } else { line.chars().take(200).chain(['…']).collect() }
}
