//! What the operator reads. Everything here takes the types of `regionctl-plan` and gives text, so that a plan file or a
//! journal can be shown without an engine.

pub mod bars;
pub mod checks;
pub mod clean;
pub mod diff;
pub mod fields;
pub mod findings;
pub mod lines;
pub mod plan;
pub mod style;
pub mod summary;
pub mod table;
pub mod tally;
pub mod time;
pub mod words;

#[cfg(test)]
#[path = "../../tests/support/golden.rs"]
mod golden;
#[cfg(test)]
pub mod samples;
