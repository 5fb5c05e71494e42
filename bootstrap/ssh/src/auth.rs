//! Logging in: the key file first, then the agent.

use std::sync::Arc;

use russh::client::{AuthResult, Handle};
use russh::keys::PrivateKeyWithHashAlg;

use crate::agent::Agent;
use crate::endpoint::Endpoint;
use crate::error::SshError;
use crate::handler::Handler;
use crate::identity::{self, IdentityError};
use crate::known_hosts::fingerprint;

/// Tries every key the endpoint allows until the server accepts one.
pub(crate) async fn authenticate(endpoint: &Endpoint, handle: &mut Handle<Handler>) -> Result<(), SshError> {
    let host = || endpoint.name.clone();
    let mut tried = Vec::new();
    let mut file_error = None;
    let mut wanted = None;

    if let Some(path) = &endpoint.identity {
        match identity::load(path) {
            Ok(key) => {
                let label = format!("{} from `{}`", fingerprint(key.public_key()), path.display());
                let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
                match handle.authenticate_publickey(&endpoint.user, key).await {
                    Ok(AuthResult::Success) => return Ok(()),
                    Ok(AuthResult::Failure { .. }) => tried.push(label),
                    // A server that lets one try more keys says no and stays.
                    Err(source) => {
                        return Err(SshError::LoginEnded {
                            host: host(),
                            user: endpoint.user.clone(),
                            key: label,
                            source: Box::new(source),
                        });
                    }
                }
            }
            Err(error) if error.agent_may_help() && endpoint.agent => {
                wanted = identity::public_half(path);
                file_error = Some(error);
            }
            Err(source) => return Err(SshError::Identity { host: host(), source: Box::new(source) }),
        }
    }

    let named = matches!(file_error, Some(IdentityError::Public { .. }));
    let mut agent_error = None;
    let mut not_offered = 0;
    if endpoint.agent && !handle.is_closed() {
        match Agent::open(endpoint, handle).await {
            Ok(mut agent) => {
                match &wanted {
                    Some(key) if named => agent.only(key),
                    Some(key) => agent.prefer(key),
                    None => {}
                }
                for index in 0..agent.len() {
                    match agent.try_key(index, &endpoint.user, handle).await {
                        Some((true, _)) => return Ok(()),
                        Some((false, label)) => tried.push(label),
                        None => break,
                    }
                    if handle.is_closed() {
                        tried.push("then the server closed the connection".into());
                        not_offered = agent.len() - index - 1;
                        break;
                    }
                }
            }
            Err(reason) => agent_error = Some(reason),
        }
    }

    // The most telling of what happened: a key that cannot be read says more than "refused".
    Err(match (file_error, agent_error) {
        (Some(source), _) if !named || tried.is_empty() => SshError::Identity { host: host(), source: Box::new(source) },
        (_, _) if !tried.is_empty() => SshError::KeyRefused { host: host(), user: endpoint.user.clone(), tried, not_offered },
        (_, Some(reason)) => SshError::Agent { host: host(), reason },
        (_, None) => SshError::NoIdentity { host: host(), user: endpoint.user.clone() },
    })
}
