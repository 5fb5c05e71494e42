//! A server that lies, a folder that somebody sent, an edited plan: what they get, tried against the binary.
//!
//! The servers here are no hosts: they execute nothing and answer what a case says. So a case sees every script that was sent, and
//! may answer what no honest host would.

mod answer;
mod cases;
mod region;
mod server;

pub use answer::honest;
pub use cases::cases;
pub use region::{HostileRegion, Said};
pub use server::{Reply, Server};
