//! Runs local programs, without a shell.

use std::process::{Output, Stdio};

use regionctl_plan::Argv;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::LabError;

/// How many of the last lines of a program's output an error shows.
const TAIL_LINES: usize = 15;

/// The command of these words.
pub(crate) fn command(argv: &Argv) -> Command {
    let words = argv.words();
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.get(1..).unwrap_or_default()).stdin(Stdio::null());
    command
}

/// Runs a program to its end and returns what it printed.
pub(crate) async fn run(argv: &Argv) -> Result<String, LabError> {
    run_with_hint(argv, "").await
}

/// Runs a program to its end; its failure comes with this hint.
pub(crate) async fn run_with_hint(argv: &Argv, hint: &str) -> Result<String, LabError> {
    let output = command(argv).kill_on_drop(true).output().await.map_err(|e| not_started(argv, &e))?;
    finish(argv, output, hint)
}

/// Runs a program to its end with this text as its input.
pub(crate) async fn run_with_input(argv: &Argv, input: &str) -> Result<String, LabError> {
    let mut command = command(argv);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|e| not_started(argv, &e))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early closes its input; its status says why.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(|e| not_started(argv, &e))?;
    finish(argv, output, "")
}

/// Whether a program ends well. Its output is dropped.
pub(crate) async fn succeeds(argv: &Argv) -> bool {
    command(argv).kill_on_drop(true).output().await.is_ok_and(|output| output.status.success())
}

fn finish(argv: &Argv, output: Output, hint: &str) -> Result<String, LabError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(LabError::Program {
        command: argv.to_string(),
        status: output.status.to_string(),
        output: last_lines(&text, TAIL_LINES),
        hint: hint.to_owned(),
    })
}

fn not_started(argv: &Argv, error: &std::io::Error) -> LabError {
    LabError::Program {
        command: argv.to_string(),
        status: "not started".to_owned(),
        output: error.to_string(),
        hint: String::new(),
    }
}

/// The last lines of a text.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_input_and_failure() {
        assert_eq!(run(&Argv::new("echo").arg("a b")).await.unwrap(), "a b\n");
        assert_eq!(run_with_input(&Argv::new("cat"), "x").await.unwrap(), "x");
        let error = run(&Argv::new("ls").arg("/no such")).await.unwrap_err().to_string();
        assert!(error.contains("'/no such'") && error.contains("No such file"), "{error}");
        assert!(run(&Argv::new("no-such-program")).await.unwrap_err().to_string().contains("not started"));
        assert!(!succeeds(&Argv::new("false")).await);
    }
}
