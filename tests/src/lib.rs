//! What the end-to-end tests and the benchmarks share.

pub mod place;
pub mod properties;
pub mod region;
pub mod wish;
