//! Ctrl-C: the first lets what was sent come to its end and starts nothing more, the second leaves at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::Live;

/// Turns true at the first Ctrl-C, SIGTERM or SIGHUP from now on.
///
/// # Errors
/// The signals cannot be caught.
pub fn watch(live: Live) -> Result<watch::Receiver<bool>, Failure> {
    let catch = |kind| signal(kind).map_err(|error| Failure::new(Exit::Local, format!("cannot catch Ctrl-C: {error}")));
    let (mut interrupt, mut terminate, mut hangup) =
        (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?, catch(SignalKind::hangup())?);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            if again {
                live.say("left at once: what was sent to the hosts goes on there, the next run adopts it");
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            live.say("stopping: waiting for what was sent, nothing more is started; Ctrl-C again leaves at once");
            let _ = stop.send(true);
        }
    });
    Ok(stopped)
}
