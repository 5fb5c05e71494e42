//! A framed program: sent, run and judged.

use std::time::Duration;

use crate::error::SshError;
use crate::framing::{Frame, wrap};
use crate::host::Host;
use crate::output::{End, Output, tail};
use crate::run::{Flow, Request, Stream, run};
use crate::sudo;
use crate::token::token;

/// What `sh` is to run.
pub(crate) struct Program {
    pub(crate) body: String,
    pub(crate) name: String,
    /// `None`: nothing to read, and it stops when nobody waits for it.
    pub(crate) stdin: Option<Vec<u8>>,
    pub(crate) timeout: Duration,
    pub(crate) max_output: usize,
}

/// Runs a program to its end.
pub(crate) async fn framed(host: &Host, program: Program, mut on_line: impl FnMut(&str) + Send) -> Result<Output, SshError> {
    let marker = token();
    let sudo = host.endpoint().sudo;
    let tied = program.stdin.is_none();
    let mut stdin = wrap(&marker, &program.body, tied).into_bytes();
    let command = sudo::shell(sudo, stdin.len());
    stdin.extend(program.stdin.unwrap_or_default());
    let Program { name, timeout, max_output, .. } = program;
    let request = Request { command, name: &name, stdin, tied, timeout, max_output };
    let mut frame = Frame::new(marker);
    let ended = run(host, request, |stream, bytes| match stream {
        Stream::Out => frame.out(bytes, &mut on_line),
        Stream::Err => {
            frame.err(bytes);
            Flow::More
        }
    })
    .await?;
    let (begun, status, noise) = (frame.begun(), frame.status(), frame.noise());
    let (stdout, stderr) = frame.into_output();
    if let Some(status) = status {
        return Ok(Output { stdout, stderr, noise, end: End(status), elapsed: ended.elapsed });
    }
    let (user, last) = (host.endpoint().user.clone(), tail(if stderr.is_empty() { &stdout } else { &stderr }, 3));
    let host = host.name().to_owned();
    if sudo
        && !begun
        && let Some(last) = sudo::refusal(ended.end, &stderr)
    {
        return Err(SshError::SudoRefused { host, user, last });
    }
    Err(match (begun, ended.end) {
        // The shell itself ended, but not through our last line: it could not read or hold the script.
        (true, Some(_)) => SshError::ScriptRejected { host, what: name, last },
        (false, Some(_)) => SshError::NoShell { host, user, last },
        (_, None) => SshError::CutOff { host, what: name, last },
    })
}
