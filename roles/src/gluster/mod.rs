//! GlusterFS: peers, bricks, volumes and mounts.
//!
//! The servers with bricks are the pool. One of them, the coordinator, probes the others and makes the volumes; the others
//! wait for nothing. Servers that mount a volume wait for the coordinator to have made it.

pub mod bricks;
pub mod heal;
pub mod mounts;
pub mod online;
pub mod peers;
pub mod replaced;
pub mod secrets;
pub mod server;
pub mod tls;
pub mod volumes;

mod places;

pub use places::{pool, users};
