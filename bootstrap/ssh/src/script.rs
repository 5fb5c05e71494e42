//! POSIX scripts in one round trip.

use std::time::Duration;

use crate::error::SshError;
use crate::exec::{DEFAULT_OUTPUT, DEFAULT_TIMEOUT};
use crate::framed::{Program, framed};
use crate::host::Host;
use crate::output::Output;

/// A POSIX script for `sh`, run whole or not at all, as root when the endpoint says `sudo`.
///
/// It may be megabytes long. Its standard input is empty. What the login shell prints before it is no output of it.
#[derive(Debug, Clone)]
pub struct Script {
    body: String,
    name: String,
    timeout: Duration,
    max_output: usize,
}

impl Script {
    /// A script that may take 60 s and print 64 MiB.
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), name: "the script".into(), timeout: DEFAULT_TIMEOUT, max_output: DEFAULT_OUTPUT }
    }

    /// What messages call it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
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
    /// Runs a script and hands out each line of its standard output as it comes. The closure must not block.
    ///
    /// The output is what the script printed and nothing else, and it is complete: a connection cut in the middle is an
    /// error. A script that leaves something in the background does not keep us waiting. Dropping the future sends the
    /// script and what it started SIGTERM, as do the timeout and a lost connection.
    ///
    /// # Errors
    /// [`SshError`] when the script did not run to its end; a status other than 0 is not one.
    pub async fn script(&self, script: Script, on_line: impl FnMut(&str) + Send) -> Result<Output, SshError> {
        let Script { body, name, timeout, max_output } = script;
        framed(self, Program { body, name, stdin: None, timeout, max_output }, on_line).await
    }
}
