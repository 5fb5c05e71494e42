//! What the protocol asks us while a connection lives.

use std::sync::{Arc, OnceLock};

use russh::client::{self, ChannelOpenHandle, DisconnectReason, Msg, Session};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, ChannelOpenFailure};

use crate::known_hosts::{HostKeyError, KnownHosts};

/// Why a connection ended, shared between the protocol's task and whoever waits on a channel.
pub(crate) type Lost = Arc<OnceLock<String>>;

/// Verifies the host key, and remembers how the connection ended.
pub(crate) struct Handler {
    known_hosts: Option<KnownHosts>,
    lost: Lost,
}

impl Handler {
    pub(crate) fn new(known_hosts: KnownHosts, lost: Lost) -> Self {
        Self { known_hosts: Some(known_hosts), lost }
    }
}

/// What stops a handshake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandlerError {
    #[error(transparent)]
    Protocol(#[from] russh::Error),
    #[error(transparent)]
    HostKey(HostKeyError),
}

/// Channels that a server wants to open to us: nothing here forwards anything, so none is wanted.
macro_rules! refused {
    ($($name:ident($($detail:ty),*);)*) => {$(
        async fn $name(
            &mut self,
            _: Channel<Msg>,
            $(_: $detail,)*
            reply: ChannelOpenHandle,
            _: &mut Session,
        ) -> Result<(), Self::Error> {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            Ok(())
        }
    )*};
}

impl client::Handler for Handler {
    type Error = HandlerError;

    refused! {
        server_channel_open_agent_forward();
        server_channel_open_direct_streamlocal(&str);
        server_channel_open_direct_tcpip(&str, u32, &str, u32);
        server_channel_open_forwarded_streamlocal(&str);
        server_channel_open_forwarded_tcpip(&str, u32, &str, u32);
        server_channel_open_session();
        server_channel_open_unknown();
        server_channel_open_x11(&str, u32);
    }

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let Some(mut known) = self.known_hosts.take() else { return Ok(false) };
        let key = key.clone();
        // Learning a key waits for a file lock.
        let verdict = tokio::task::spawn_blocking(move || {
            let verdict = known.verify(&key);
            (known, verdict)
        })
        .await
        .map_err(|e| HandlerError::Protocol(std::io::Error::other(e).into()))?;
        self.known_hosts = Some(verdict.0);
        verdict.1.map_err(HandlerError::HostKey)?;
        Ok(true)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Self::Error>) -> Result<(), Self::Error> {
        let words = match reason {
            DisconnectReason::ReceivedDisconnect(info) => format!("the server said `{}`", info.message.trim()),
            DisconnectReason::Error(HandlerError::Protocol(russh::Error::KeepaliveTimeout | russh::Error::InactivityTimeout)) => {
                "the host stopped answering".into()
            }
            DisconnectReason::Error(HandlerError::Protocol(russh::Error::Disconnect | russh::Error::HUP)) => {
                "the connection was closed by the host".into()
            }
            DisconnectReason::Error(error) => error.to_string(),
        };
        let _ = self.lost.set(words);
        Ok(())
    }
}
