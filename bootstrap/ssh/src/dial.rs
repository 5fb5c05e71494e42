//! From a name to a TCP stream.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::endpoint::Endpoint;
use crate::error::SshError;

/// Resolves the endpoint and connects to the first of its addresses that answers, within its connect timeout.
pub(crate) async fn dial(endpoint: &Endpoint) -> Result<TcpStream, SshError> {
    let name = || endpoint.name.clone();
    let deadline = Instant::now() + endpoint.connect_timeout;
    let dns = |source| SshError::Dns { host: name(), address: endpoint.host.clone(), source };
    let addresses: Vec<SocketAddr> =
        match timeout_at(deadline, tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port))).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(source)) => return Err(dns(source)),
            Err(_) => return Err(dns(io::Error::new(io::ErrorKind::TimedOut, "the resolver does not answer"))),
        };
    if addresses.is_empty() {
        return Err(dns(io::Error::new(io::ErrorKind::NotFound, "no address")));
    }
    let mut last = None;
    for (i, address) in addresses.iter().enumerate() {
        // A first address that swallows packets must leave time for the others.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = Instant::now() + left / (addresses.len() - i) as u32;
        match timeout_at(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                tune(&stream, endpoint);
                return Ok(stream);
            }
            Ok(Err(source)) => last = Some(source),
            Err(_) => {}
        }
    }
    Err(match last {
        Some(source) => SshError::Unreachable { host: name(), address: endpoint.address(), source },
        None => SshError::ConnectTimeout { host: name(), address: endpoint.address(), after: endpoint.connect_timeout },
    })
}

fn tune(stream: &TcpStream, endpoint: &Endpoint) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(host = endpoint.name, %error, "cannot set TCP_NODELAY");
    }
    // Without it the kernel retries unacknowledged data for a quarter of an hour.
    let dead_after = endpoint.keepalive_interval.saturating_mul(endpoint.keepalive_max.max(1) + 1).max(Duration::from_secs(1));
    let millis = u32::try_from(dead_after.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, millis) {
        tracing::debug!(host = endpoint.name, %error, "cannot set TCP_USER_TIMEOUT");
    }
}
