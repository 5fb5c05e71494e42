//! Storms: a verb is disturbed at a random moment, run again, and what came out is compared with what an undisturbed run gives.
//!
//! A later verb joins by a line in [`verbs`], a later disturbance by a line in [`troubles`], a later layer by a line in the
//! script of [`look`].

pub mod ground;
mod look;
mod random;
mod root_disk;
mod rounds;
mod run;
mod second;
mod small;
mod sweep;
mod troubles;
mod verbs;

pub use ground::Ground;
pub use random::Random;
pub use rounds::{Number, rounds};
pub use small::small;
pub use sweep::{Moments, sweep};
