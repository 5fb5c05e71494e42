//! A connected host.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use russh::client::{self, Handle, Msg};
use russh::{AlgorithmKind, ChannelOpenFailure, ChannelStream, Disconnect};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::auth::authenticate;
use crate::channel::Session;
use crate::config;
use crate::dial::dial;
use crate::endpoint::Endpoint;
use crate::error::SshError;
use crate::handler::{Handler, HandlerError, Lost};
use crate::known_hosts::KnownHosts;

/// Sessions at once on one connection: sshd allows ten by default, and frees one only when its process is gone.
const SESSIONS: usize = 8;

/// One SSH connection to a host. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Endpoint,
    handle: Handle<Handler>,
    sessions: Arc<Semaphore>,
    round_trips: Arc<AtomicU64>,
    lost: Lost,
    /// The connection ours runs through.
    via: Option<Host>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("name", &self.inner.endpoint.name).field("lost", &self.is_lost()).finish_non_exhaustive()
    }
}

impl Host {
    /// Connects, verifies the host key and logs in; through the bastion, if there is one, which is connected first.
    ///
    /// # Errors
    /// [`SshError`]: each way of failing is a variant of its own.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, SshError> {
        let via = match &endpoint.bastion {
            Some(bastion) => Some(Box::pin(Self::connect(bastion)).await.map_err(|e| through(endpoint, e))?),
            None => None,
        };
        Self::establish(endpoint, via, Arc::default()).await
    }

    /// Connects over TCP, or through a bastion that is connected already, and goes on counting where `round_trips` is.
    pub(crate) async fn establish(endpoint: &Endpoint, via: Option<Self>, round_trips: Arc<AtomicU64>) -> Result<Self, SshError> {
        let known_hosts = KnownHosts::read(&endpoint.known_hosts, &endpoint.host, endpoint.port, endpoint.accept_new)
            .map_err(|source| SshError::HostKey { host: endpoint.name.clone(), source: Box::new(source) })?;
        let lost = Lost::default();
        let mut handle = match &via {
            None => handshake(endpoint, dial(endpoint).await?, known_hosts, &lost).await?,
            Some(bastion) => handshake(endpoint, bastion.dial_through(endpoint).await?, known_hosts, &lost).await?,
        };
        match timeout(endpoint.connect_timeout, authenticate(endpoint, &mut handle)).await {
            Ok(result) => result?,
            Err(_) => return Err(silent(endpoint, "the authentication")),
        }
        let sessions = Arc::new(Semaphore::new(SESSIONS));
        Ok(Self { inner: Arc::new(Inner { endpoint: endpoint.clone(), handle, sessions, round_trips, lost, via }) })
    }

    /// What it was connected with.
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// The endpoint's name.
    pub fn name(&self) -> &str {
        &self.inner.endpoint.name
    }

    /// Commands, scripts and uploads sent so far, over all connections of this endpoint in its [`Pool`](crate::Pool).
    pub fn round_trips(&self) -> u64 {
        self.inner.round_trips.load(Ordering::Relaxed)
    }

    /// Whether the connection is gone. What is called on it then fails with [`SshError::ConnectionLost`].
    pub fn is_lost(&self) -> bool {
        self.inner.lost.get().is_some() || self.inner.handle.is_closed() || self.inner.via.as_ref().is_some_and(Self::is_lost)
    }

    /// Says goodbye. Every clone is unusable afterwards.
    pub async fn close(&self) {
        let _ = self.inner.lost.set("it was closed here".into());
        let _ = self.inner.handle.disconnect(Disconnect::ByApplication, "", "").await;
    }

    pub(crate) fn count_round_trip(&self) {
        self.inner.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    /// Opens a session channel, waiting for a free one.
    pub(crate) async fn open_session(&self, what: &str) -> Result<Session, SshError> {
        let Ok(permit) = Arc::clone(&self.inner.sessions).acquire_owned().await else {
            return Err(self.connection_lost(what).await);
        };
        let inner = Arc::clone(&self.inner);
        let (tx, rx) = oneshot::channel();
        // In a task of its own, so that a channel that opens after the caller gave up is closed and not forgotten.
        tokio::spawn(async move {
            let mut wait = Duration::from_millis(50);
            let opened = loop {
                match inner.handle.channel_open_session().await {
                    Ok(channel) => break Ok(Session::new(channel, permit)),
                    // sshd may not have noticed yet that a session we closed is gone.
                    Err(russh::Error::ChannelOpenFailure(_)) if wait < Duration::from_secs(1) && !tx.is_closed() => {
                        tokio::time::sleep(wait).await;
                        wait *= 2;
                    }
                    Err(error) => break Err(error),
                }
            };
            let _ = tx.send(opened);
        });
        match rx.await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(self.open_failed(what, error).await),
            Err(_) => Err(self.connection_lost(what).await),
        }
    }

    /// Opens a TCP connection from the host, as a stream.
    pub(crate) async fn open_direct(&self, host: &str, port: u16, what: &str) -> Result<ChannelStream<Msg>, SshError> {
        let inner = Arc::clone(&self.inner);
        let host = host.to_owned();
        let (tx, rx) = oneshot::channel();
        tokio::spawn(async move {
            let opened = inner.handle.channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", 0).await;
            // A stream closes its channel when it is dropped, so also when nobody waits any more.
            let _ = tx.send(opened.map(russh::Channel::into_stream));
        });
        match rx.await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(self.open_failed(what, error).await),
            Err(_) => Err(self.connection_lost(what).await),
        }
    }

    /// A stream to another endpoint, with this host as its bastion.
    async fn dial_through(&self, endpoint: &Endpoint) -> Result<ChannelStream<Msg>, SshError> {
        let what = format!("a connection to {}", endpoint.address());
        match timeout(endpoint.connect_timeout, self.open_direct(&endpoint.host, endpoint.port, &what)).await {
            Ok(Err(SshError::ChannelRefused { reason, .. })) if reason == CANNOT_REACH => Err(SshError::Unreachable {
                host: endpoint.name.clone(),
                address: endpoint.address(),
                source: io::Error::other(format!("the bastion `{}` cannot connect to it", self.name())),
            }),
            Ok(result) => result.map_err(|e| through(endpoint, e)),
            Err(_) => Err(SshError::ConnectTimeout {
                host: endpoint.name.clone(),
                address: endpoint.address(),
                after: endpoint.connect_timeout,
            }),
        }
    }

    async fn open_failed(&self, what: &str, error: russh::Error) -> SshError {
        let reason = match error {
            russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => CANNOT_REACH.into(),
            russh::Error::ChannelOpenFailure(failure) => failure.description().to_ascii_lowercase(),
            _ => return self.connection_lost(what).await,
        };
        SshError::ChannelRefused { host: self.name().into(), what: what.into(), reason }
    }

    /// The error for a connection that turned out to be gone.
    pub(crate) async fn connection_lost(&self, what: &str) -> SshError {
        // The protocol's task closes its ends a moment before it tells why.
        for _ in 0..20 {
            if self.inner.lost.get().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let reason = self.inner.lost.get().cloned().unwrap_or_else(|| "the connection was closed".into());
        SshError::ConnectionLost { host: self.name().into(), what: what.into(), reason }
    }
}

/// How OpenSSH says that it could not connect, and, without distinction, that there are too many sessions.
const CANNOT_REACH: &str = "connect failed";

/// Wraps an error of the bastion.
pub(crate) fn through(endpoint: &Endpoint, source: SshError) -> SshError {
    SshError::Bastion { host: endpoint.name.clone(), bastion: source.host().to_owned(), source: Box::new(source) }
}

fn silent(endpoint: &Endpoint, stage: &'static str) -> SshError {
    SshError::Silent { host: endpoint.name.clone(), address: endpoint.address(), stage, after: endpoint.connect_timeout }
}

async fn handshake<S>(endpoint: &Endpoint, stream: S, known_hosts: KnownHosts, lost: &Lost) -> Result<Handle<Handler>, SshError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = config::client(endpoint, &known_hosts.algorithms());
    let handler = Handler::new(known_hosts, Arc::clone(lost));
    let host = endpoint.name.clone();
    match timeout(endpoint.connect_timeout, client::connect_stream(config, stream, handler)).await {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(HandlerError::HostKey(source))) => Err(SshError::HostKey { host, source: Box::new(source) }),
        Ok(Err(HandlerError::Protocol(russh::Error::NoCommonAlgo { kind, theirs, .. }))) => {
            let kind = match kind {
                AlgorithmKind::Kex => "key exchange",
                AlgorithmKind::Key => "host key",
                AlgorithmKind::Cipher => "cipher",
                AlgorithmKind::Compression => "compression",
                AlgorithmKind::Mac => "mac",
            };
            Err(SshError::NoCommonAlgorithm { host, kind, theirs: theirs.join(",") })
        }
        Ok(Err(HandlerError::Protocol(source))) => {
            Err(SshError::Handshake { host, address: endpoint.address(), source: Box::new(source) })
        }
        Err(_) => Err(silent(endpoint, "the key exchange")),
    }
}
