//! The data disks of the inventory: what is made on them before file systems are.
//!
//! An encrypted disk is opened at boot by any one of the other servers of the region, through Tang on the vrack: a disk or
//! a server that is carried away stays closed. The recovery key is among the region's secrets.

pub mod luks;
pub mod lvm;
pub mod replaced;
pub mod secrets;
pub mod tang;
pub mod unlock;

mod places;

pub use places::{TANG_PORT, brick_device, is_encrypted, is_recovery_key, is_signing_key, mapper};
