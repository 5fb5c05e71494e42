//! Ctrl-C: the first lets what was sent come to its end and starts nothing more, the second leaves at once.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::Live;

/// The run that a Ctrl-C, SIGTERM or SIGHUP is meant for. Without one they end the process, as they do by themselves.
type Current = Arc<Mutex<Option<(Live, watch::Sender<bool>)>>>;

/// Signals are for a run as long as this lives.
pub struct Watch {
    current: Current,
    stopped: watch::Receiver<bool>,
}

impl Watch {
    /// Turns true at the first signal.
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stopped.clone()
    }

    /// True once there was one.
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// From now on signals are meant for this run.
///
/// # Errors
/// The signals cannot be caught.
pub fn watch(live: Live) -> Result<Watch, Failure> {
    static CURRENT: OnceLock<Current> = OnceLock::new();
    let current = if let Some(current) = CURRENT.get() {
        current.clone()
    } else {
        let catch = |kind| signal(kind).map_err(|error| Failure::new(Exit::Local, format!("cannot catch Ctrl-C: {error}")));
        let signals = [catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?, catch(SignalKind::hangup())?];
        let current = CURRENT.get_or_init(Current::default).clone();
        tokio::spawn(heed(signals, current.clone()));
        current
    };
    let (stop, stopped) = watch::channel(false);
    current.lock().unwrap_or_else(PoisonError::into_inner).replace((live, stop));
    Ok(Watch { current, stopped })
}

async fn heed([mut interrupt, mut terminate, mut hangup]: [Signal; 3], current: Current) {
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        match &*current.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((live, stop)) if !*stop.borrow() => {
                live.say(
                    "stopping: waits end, what works comes to its end, nothing more is started; Ctrl-C again leaves at once",
                );
                let _ = stop.send(true);
            }
            Some((live, _)) => {
                live.say("left at once: what was sent to the hosts goes on there, the next run adopts it");
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            None => std::process::exit(i32::from(Exit::Interrupted.code())),
        }
    }
}
