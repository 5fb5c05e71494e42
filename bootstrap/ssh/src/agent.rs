//! Keys held by an SSH agent.

use std::path::PathBuf;

use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PublicKey};
use tokio::net::UnixStream;

use crate::endpoint::Endpoint;
use crate::handler::Handler;
use crate::known_hosts::fingerprint;

/// A connection to an agent and what it holds.
pub(crate) struct Agent {
    client: AgentClient<UnixStream>,
    keys: Vec<AgentIdentity>,
}

impl Agent {
    /// Connects and lists the keys. The error is a reason in words.
    pub(crate) async fn open(endpoint: &Endpoint, handle: &Handle<Handler>) -> Result<Self, String> {
        let socket = match &endpoint.agent_socket {
            Some(socket) => socket.clone(),
            None => match std::env::var_os("SSH_AUTH_SOCK").filter(|s| !s.is_empty()) {
                Some(socket) => PathBuf::from(socket),
                None => return Err("`SSH_AUTH_SOCK` is not set".into()),
            },
        };
        let mut client =
            AgentClient::connect_uds(&socket).await.map_err(|e| format!("cannot connect to `{}`: {e}", socket.display()))?;
        // Keys with destination constraints are only listed on a bound connection. Agents that do not know it refuse, harmlessly.
        if let Some(binding) = handle.agent_session_binding()
            && let Err(error) = client.bind_session(binding, false).await
        {
            tracing::debug!(host = endpoint.name, %error, "the agent does not bind sessions");
        }
        let keys = client.request_identities().await.map_err(|e| format!("cannot list its keys: {e}"))?;
        Ok(Self { client, keys })
    }

    /// Moves this key to the front: a server counts attempts, and gives up after six.
    pub(crate) fn prefer(&mut self, key: &PublicKey) {
        self.keys.sort_by_key(|k| k.public_key().key_data() != key.key_data());
    }

    /// Leaves this key only, which somebody named by its public half.
    pub(crate) fn only(&mut self, key: &PublicKey) {
        self.keys.retain(|k| k.public_key().key_data() == key.key_data());
    }

    /// How many keys it holds.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Tries the `index`th key. The label says which one it was.
    pub(crate) async fn try_key(&mut self, index: usize, user: &str, handle: &mut Handle<Handler>) -> Option<(bool, String)> {
        let identity = self.keys.get(index)?;
        let key = identity.public_key().into_owned();
        let label = format!("{} from the agent ({})", fingerprint(&key), identity.comment());
        let hash = key.algorithm().is_rsa().then_some(HashAlg::Sha512);
        let result = match identity.clone() {
            AgentIdentity::PublicKey { key, .. } => handle.authenticate_publickey_with(user, key, hash, &mut self.client).await,
            AgentIdentity::Certificate { certificate, .. } => {
                handle.authenticate_certificate_with(user, certificate, hash, &mut self.client).await
            }
        };
        Some(match result {
            Ok(AuthResult::Success) => (true, label),
            Ok(AuthResult::Failure { .. }) => (false, label),
            Err(error) => (false, format!("{label}: the agent did not sign: {error}")),
        })
    }
}
