//! The SSH transport: one connection per host, kept open, with many channels on it.
//!
//! * [`Endpoint`] says where a host is, as whom to log in and what to trust; [`Host::connect`] opens it, [`Pool`] opens many
//!   and opens them again when they were lost.
//! * [`Host::exec`] runs one command, [`Host::script`] a POSIX script whose output is framed, so that neither a chatty login
//!   shell nor a connection cut in the middle can be mistaken for a result.
//! * [`Host::upload`] replaces a file atomically, [`Host::forward`] opens a byte stream to an address the host can reach.
//!
//! Nothing is expected on the host but OpenSSH and a POSIX shell; no SFTP. Host keys are verified against a known_hosts file,
//! strictly unless the endpoint says otherwise ([`known_hosts`]).

mod agent;
mod auth;
mod channel;
mod config;
mod dial;
mod endpoint;
mod error;
mod exec;
mod forward;
mod framed;
mod framing;
mod handler;
mod host;
mod identity;
pub mod known_hosts;
mod output;
mod pool;
mod run;
mod script;
mod sudo;
mod token;
mod upload;

pub use endpoint::Endpoint;
pub use error::SshError;
pub use exec::Exec;
pub use forward::ForwardStream;
pub use host::Host;
pub use identity::{IdentityError, is_locked, unlock};
pub use known_hosts::HostKeyError;
pub use output::{End, Output};
pub use pool::{DEFAULT_HANDSHAKES, Pool};
pub use script::Script;
pub use upload::Upload;
