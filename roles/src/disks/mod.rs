//! The data disks of the inventory: what is made on them before file systems are.

pub mod lvm;
pub mod replaced;

mod places;

pub use places::brick_device;
