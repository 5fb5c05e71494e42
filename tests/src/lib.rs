//! What the end-to-end tests and the benchmarks share.

pub mod fuzzed;
pub mod guards;
pub mod hostile;
pub mod operator;
pub mod outside;
pub mod place;
pub mod properties;
pub mod reach;
pub mod region;
pub mod storm;
pub mod suite;
pub mod wish;
