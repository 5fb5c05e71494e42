//! One conversation on one channel.

use std::sync::Arc;
use std::time::{Duration, Instant};

use russh::ChannelMsg;

use crate::error::SshError;
use crate::host::Host;
use crate::output::End;

/// What goes over the wire.
pub(crate) struct Request<'a> {
    pub(crate) command: String,
    pub(crate) name: &'a str,
    pub(crate) stdin: Vec<u8>,
    /// Whether the input stays open as long as somebody waits for the result, for the far end to notice when nobody does.
    pub(crate) tied: bool,
    pub(crate) timeout: Duration,
    pub(crate) max_output: usize,
}

/// Where some bytes came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Whether more is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    More,
    /// The result is complete, whatever still holds the channel open.
    Enough,
}

/// How the channel ended.
pub(crate) struct Ended {
    /// `None` when the session ended without saying how its process did.
    pub(crate) end: Option<End>,
    pub(crate) elapsed: Duration,
}

/// The command has ended, yet something it left in the background holds the channel open: quiet for this long is the end.
const QUIET_AFTER_EXIT: Duration = Duration::from_secs(3);
/// The result is complete: only error output may still be on its way.
const QUIET_AFTER_RESULT: Duration = Duration::from_millis(200);

/// Runs a command, feeding its input and handing its output to `sink` as it comes. One round trip in the host's count.
pub(crate) async fn run(
    host: &Host,
    request: Request<'_>,
    sink: impl FnMut(Stream, &[u8]) -> Flow + Send,
) -> Result<Ended, SshError> {
    host.count_round_trip();
    let (timeout, name) = (request.timeout, request.name);
    match tokio::time::timeout(timeout, converse(host, request, sink)).await {
        Ok(result) => result,
        Err(_) => Err(SshError::Timeout { host: host.name().into(), what: name.into(), after: timeout }),
    }
}

async fn converse(
    host: &Host,
    request: Request<'_>,
    mut sink: impl FnMut(Stream, &[u8]) -> Flow + Send,
) -> Result<Ended, SshError> {
    let started = Instant::now();
    let what = request.name;
    let mut session = host.open_session(what).await?;
    if session.write.exec(true, request.command).await.is_err() {
        return Err(host.connection_lost(what).await);
    }
    let write = Arc::clone(&session.write);
    let (stdin, tied) = (request.stdin, request.tied);
    // Fed while the output is read: a command may print before it has read all its input, or never read it.
    let feed = async move {
        if write.data_bytes(stdin).await.is_ok() && !tied {
            let _ = write.eof().await;
        }
    };
    tokio::pin!(feed);
    let (mut fed, mut printed, mut end, mut complete) = (false, 0_usize, None, false);
    loop {
        let quiet = match (complete, &end) {
            (true, _) => QUIET_AFTER_RESULT,
            (false, Some(_)) => QUIET_AFTER_EXIT,
            (false, None) => Duration::MAX,
        };
        let message = tokio::select! {
            message = session.read.wait() => message,
            () = &mut feed, if !fed => {
                fed = true;
                continue;
            }
            () = tokio::time::sleep(quiet), if quiet != Duration::MAX => break,
        };
        let (stream, data) = match message {
            Some(ChannelMsg::Data { data }) => (Stream::Out, data),
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => (Stream::Err, data),
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                end = Some(End(exit_status));
                continue;
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                // The shell itself was killed: nothing it says can be taken for a result.
                tracing::debug!(host = host.name(), what, ?signal_name, "the shell was killed");
                continue;
            }
            Some(ChannelMsg::Failure) => {
                return Err(SshError::ChannelRefused {
                    host: host.name().into(),
                    what: what.into(),
                    reason: "it does not run commands".into(),
                });
            }
            Some(ChannelMsg::Close) => {
                session.closed();
                break;
            }
            None if complete => break,
            None => return Err(host.connection_lost(what).await),
            Some(_) => continue,
        };
        printed = printed.saturating_add(data.len());
        if printed > request.max_output {
            return Err(SshError::TooMuchOutput { host: host.name().into(), what: what.into(), limit: request.max_output });
        }
        if sink(stream, &data) == Flow::Enough {
            complete = true;
        }
    }
    Ok(Ended { end, elapsed: started.elapsed() })
}
