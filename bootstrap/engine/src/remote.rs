//! One host as the engine uses it: scripts with our prelude, errors that name the host.

use std::time::Duration;

use regionctl_ssh::{Endpoint, Output, Pool, Script, SshError};

use crate::batch::MORE;
use crate::deadman;
use crate::lease::Lease;
use crate::secrets::Mask;
use crate::shell::PRELUDE;

/// Longest time for a script that only looks or only writes a lease.
pub(crate) const LOOK: Duration = Duration::from_secs(90);
/// Most bytes that a host may answer when it is asked what is so.
const ANSWER: usize = 16 << 20;
/// Most bytes of what hosts keep for us: generations of a large region.
const KEPT: usize = 256 << 20;
/// Longest time for a unit to work: a first installation of packages over a slow link.
const WORK: Duration = Duration::from_secs(3600);
/// How long a host may be away before the run gives up on it.
const AWAY: Duration = Duration::from_secs(30);

/// A host that a run works with.
#[derive(Clone)]
pub struct Remote {
    /// The host's name in the inventory.
    pub name: String,
    endpoint: Endpoint,
    pool: Pool,
}

/// What stops the work on one host.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HostError {
    /// The connection.
    #[error("{message}")]
    Ssh {
        /// The whole chain of causes.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// True if the network or the host went away, so that nothing was refused.
        away: bool,
    },
    /// The host answered something else than expected.
    #[error("{host}: {doing}: {message}")]
    Answer {
        /// The host.
        host: String,
        /// What was tried.
        doing: &'static str,
        /// What it said.
        message: String,
    },
    /// What may cut SSH was taken back.
    #[error("{host}: what may cut SSH was taken back, {why}{}", cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
    Reverted {
        /// The host.
        host: String,
        /// Why.
        why: String,
        /// What went wrong before.
        cause: Option<Box<HostError>>,
    },
    /// Somebody else works on the host.
    #[error("{host}: held by {} for `{}`, run {}", by.owner, by.verb, by.run)]
    Held {
        /// The host.
        host: String,
        /// Who.
        by: Lease,
    },
}

impl HostError {
    /// With secrets hidden.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        match self {
            Self::Ssh { message, hint, away } => Self::Ssh { message: mask.text(&message), hint, away },
            Self::Answer { host, doing, message } => Self::Answer { host, doing, message: mask.text(&message) },
            other => other,
        }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ssh { hint, .. } => hint.clone(),
            Self::Answer { .. } => None,
            Self::Reverted { host, .. } => Some(format!(
                "the settings are as before; check what `plan --host {host}` shows against the network that is there"
            )),
            Self::Held { .. } => Some("wait for that run to end; a run that died lets go after two minutes".into()),
        }
    }
}

impl Remote {
    /// The host behind an endpoint. Nothing is connected yet.
    pub fn new(endpoint: Endpoint, pool: Pool) -> Self {
        Self { name: endpoint.name.clone(), endpoint, pool }
    }

    /// Takes its connection from this pool from now on.
    pub(crate) fn connect_over(&mut self, connections: &Pool) {
        self.pool = connections.clone();
    }

    /// An answer that makes no sense.
    pub fn error(&self, doing: &'static str, message: String) -> HostError {
        HostError::Answer { host: self.name.clone(), doing, message }
    }

    /// The host is somebody else's.
    pub fn held(&self, by: Lease) -> HostError {
        HostError::Held { host: self.name.clone(), by }
    }

    /// Says at which resource an error hit.
    pub(crate) fn during(&self, error: HostError, at: &str) -> HostError {
        match error {
            HostError::Ssh { message, hint, away } => HostError::Ssh { message: format!("{message} (at `{at}`)"), hint, away },
            other => other,
        }
    }

    /// Round trips to this host so far.
    pub fn round_trips(&self) -> u64 {
        self.pool.round_trips(&self.endpoint)
    }

    /// Runs a short script as root and gives what it printed, 16 MiB at most.
    ///
    /// # Errors
    /// The connection, an exit status other than 0, or a limit.
    pub async fn script(&self, doing: &'static str, body: &str) -> Result<String, HostError> {
        self.run(doing, body, LOOK, ANSWER, |_| {}).await
    }

    /// The beginning of what a start-up file of the login shell prints, which no script of ours asked for. Connects, where nobody has.
    ///
    /// # Errors
    /// The connection, or an exit status other than 0.
    pub async fn noise(&self, doing: &'static str) -> Result<String, HostError> {
        Ok(self.output(doing, ":", LOOK, ANSWER, |_| {}).await?.noise)
    }

    /// As [`Remote::script`], for what may take longer than a look, or print more.
    ///
    /// # Errors
    /// The connection, an exit status other than 0, or the limit.
    pub async fn long_script(&self, doing: &'static str, body: &str, limit: Duration) -> Result<String, HostError> {
        self.run(doing, body, limit, KEPT, |_| {}).await
    }

    /// Runs the script that follows a unit and hands over each line as it comes. A connection that breaks is made again, and the
    /// unit, which went on meanwhile, is followed again with `again`; so is one that works for longer than one script follows it.
    ///
    /// # Errors
    /// The host stays away, or the unit is gone.
    pub async fn follow(&self, start: &str, again: &str, mut on_line: impl FnMut(&str) + Send) -> Result<(), HostError> {
        let mut body = start;
        let mut gave_up = None;
        loop {
            let begun = tokio::time::Instant::now();
            match self.run("executing", body, WORK, ANSWER, &mut on_line).await {
                Ok(said) if said.lines().last() == Some(MORE) => {}
                Ok(_) => return Ok(()),
                Err(error @ HostError::Ssh { away: true, .. }) => {
                    let now = tokio::time::Instant::now();
                    // A link that held for a while has failed anew.
                    if now - begun > AWAY {
                        gave_up = None;
                    }
                    let until = *gave_up.get_or_insert(now + AWAY);
                    if now >= until {
                        return Err(error);
                    }
                    self.back(until).await.map_err(|_| error)?;
                }
                Err(error) => return Err(error),
            }
            body = again;
            on_line("@again");
        }
    }

    /// After changes that may cut SSH: over a new connection, keeps them if all went `well`, otherwise sees them taken back.
    /// Gives the reason if they were, by whomever.
    ///
    /// # Errors
    /// The host stays away for `patience`.
    pub(crate) async fn keep_or_go_back(&self, run: &str, well: bool, patience: Duration) -> Result<Option<String>, HostError> {
        let until = tokio::time::Instant::now() + patience;
        let ask = if well { deadman::keep_script(run) } else { deadman::revert_now_script(run) + &deadman::fate_script(run) };
        if !well {
            // The old connection may be the only one left, as when sshd did not start again.
            let _ = self.script("taking back what may cut SSH", &deadman::revert_now_script(run)).await;
        }
        loop {
            // An old connection may live on where no new one comes through.
            let answer = self.script_apart("confirming over a new connection", &ask).await;
            match answer.as_deref().map(str::trim) {
                Ok("kept") => return Ok(None),
                Ok("armed") => {}
                Ok(reverted) => return Ok(Some(reverted.trim_start_matches("reverted").trim().to_owned())),
                Err(HostError::Answer { .. }) => return answer.map(|_| None),
                Err(_) => {}
            }
            if tokio::time::Instant::now() >= until {
                return answer
                    .and_then(|_| Err(self.error("waiting", format!("waited {} s for it to go back", patience.as_secs()))));
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// As [`Remote::script`], over a connection of its own: a server may allow one session in each.
    ///
    /// # Errors
    /// The connection, or an exit status other than 0.
    pub(crate) async fn script_apart(&self, doing: &'static str, body: &str) -> Result<String, HostError> {
        let anew = Self::new(self.endpoint.clone(), Pool::default());
        let answer = anew.script(doing, body).await;
        anew.pool.close().await;
        answer
    }

    /// Waits until the host answers again.
    async fn back(&self, until: tokio::time::Instant) -> Result<(), HostError> {
        let mut pause = Duration::from_millis(200);
        loop {
            match self.run("reconnecting", ":", LOOK, ANSWER, |_| {}).await {
                Ok(_) => return Ok(()),
                Err(error) if tokio::time::Instant::now() + pause >= until => return Err(error),
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(Duration::from_secs(3));
        }
    }

    async fn run(
        &self,
        doing: &'static str,
        body: &str,
        limit: Duration,
        most: usize,
        on_line: impl FnMut(&str) + Send,
    ) -> Result<String, HostError> {
        Ok(self.output(doing, body, limit, most, on_line).await?.text().into_owned())
    }

    async fn output(
        &self,
        doing: &'static str,
        body: &str,
        limit: Duration,
        most: usize,
        on_line: impl FnMut(&str) + Send,
    ) -> Result<Output, HostError> {
        let host = self.pool.get(&self.endpoint).await.map_err(|error| ssh(&error))?;
        let script = Script::new(format!("{PRELUDE}\n{body}")).named(doing).timeout(limit).max_output(most);
        let output = host.script(script, on_line).await.map_err(|error| ssh(&error))?;
        if !output.success() {
            return Err(self.error(doing, format!("{}: {}", output.end, output.tail(5))));
        }
        Ok(output)
    }
}

fn ssh(error: &SshError) -> HostError {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    HostError::Ssh { message, hint: error.hint(), away: error.is_transient() }
}
