//! The release catalog: what every part of a region is, by name, version and digest.
//!
//! A release is data, compiled into the binary, so that a plan needs no network to know what it will install.

mod catalog;
mod error;
mod release;

pub use catalog::{catalog, names, release};
pub use error::CatalogError;
pub use release::{Artifact, Debian, KubernetesRelease, Package, Release};
