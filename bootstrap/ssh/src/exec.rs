//! One command.

use std::time::Duration;

use regionctl_plan::Argv;

use crate::error::SshError;
use crate::framed::{Program, framed};
use crate::host::Host;
use crate::output::Output;

/// Unless told otherwise, a command may take this long.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// Unless told otherwise, a command may print this many bytes.
pub(crate) const DEFAULT_OUTPUT: usize = 64 * 1024 * 1024;

/// A command to run on a host, as root when the endpoint says `sudo`. It is run by `sh`, whatever the login shell is.
#[derive(Debug, Clone)]
pub struct Exec {
    command: String,
    name: String,
    stdin: Option<Vec<u8>>,
    timeout: Duration,
    max_output: usize,
}

impl Exec {
    /// Runs these words, at most 60 s and 64 MiB of output, with nothing on standard input.
    pub fn new(argv: &Argv) -> Self {
        let command = argv.to_string();
        let name = format!("`{}`", command.chars().take(80).collect::<String>());
        Self { command, name, stdin: None, timeout: DEFAULT_TIMEOUT, max_output: DEFAULT_OUTPUT }
    }

    /// What messages call it; by default the beginning of its command line.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// These bytes on its standard input, then end of file.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The longest it may take, waiting for a free channel included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The most it may print, in bytes, both streams together.
    #[must_use]
    pub fn max_output(mut self, bytes: usize) -> Self {
        self.max_output = bytes;
        self
    }
}

impl Host {
    /// Runs a command and collects what it prints. A status other than 0 is not an error here: see [`Output::end`].
    ///
    /// Dropping the future sends the command SIGTERM, as do the timeout and a lost connection, unless it was given bytes on
    /// its standard input: that then ends early.
    ///
    /// # Errors
    /// [`SshError`] when it could not be run to its end: the connection was lost, the time was up, it printed too much, no channel, no sudo.
    pub async fn exec(&self, exec: Exec) -> Result<Output, SshError> {
        self.exec_lines(exec, |_| ()).await
    }

    /// As [`Host::exec`], and hands out each line of standard output as it comes. The closure must not block.
    ///
    /// # Errors
    /// As [`Host::exec`].
    pub async fn exec_lines(&self, exec: Exec, on_line: impl FnMut(&str) + Send) -> Result<Output, SshError> {
        let Exec { command, name, stdin, timeout, max_output } = exec;
        framed(self, Program { body: command, name, stdin, timeout, max_output }, on_line).await
    }
}
