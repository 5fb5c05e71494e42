//! Host keys: who a server must prove to be.
//!
//! The file is OpenSSH's known_hosts: plain, wildcard, negated and hashed (`|1|`) names, `[host]:port`, several keys per host,
//! `@revoked`. `@cert-authority` lines are skipped, as host certificates are not asked for.
//!
//! Stricter than OpenSSH in one point: a host of which any key is known is never accepted with another one, of whatever
//! type, not even with `accept_new`. Else who answers in its place need only offer a type that is not in the file.

mod entry;
mod error;
mod learn;
mod pattern;
mod verify;

pub use error::HostKeyError;
pub use verify::KnownHosts;
pub(crate) use verify::fingerprint;
