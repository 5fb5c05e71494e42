//! Files on the operator's machine: read whole and bounded, written whole or not at all, never through a link.
//!
//! A folder with an inventory may have been sent by somebody. What lies in it must not lead a write anywhere else, and a read
//! must end: no devices, no pipes, nothing that is larger than what is looked for.
//!
//! * [`read`] reads a file that the operator named, wherever links lead.
//! * [`write`] and [`append`] write one that the operator named, and no link.
//! * [`Folder`] is a folder held open, in which nothing follows a link.

mod folder;
mod open;
mod random;
mod read;
mod write;

pub use folder::Folder;
pub use random::random_hex;
pub use read::{open, read, read_private, read_text};
pub use write::{append, write, write_by, write_new};
