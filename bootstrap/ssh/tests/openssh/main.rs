//! The transport against a real OpenSSH server on this machine. Needs root, and the packages openssh-server, openssh-client and sudo.

// clippy.toml allows this inside tests; their helpers are not recognised as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod agent;
mod auth;
mod exec;
mod host_key;
mod jump;
mod lost;
mod pool;
mod script;
mod sshd;
mod sudo;
mod upload;
