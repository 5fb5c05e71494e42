//! What is true on every server, before anything else.

pub mod cloud_init;
pub mod hostname;
pub mod hosts_file;
pub mod journald;
pub mod kernel;
pub mod keys;
pub mod packages;
pub mod security_updates;
pub mod sshd;
pub mod time;
