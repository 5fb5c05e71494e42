//! Names and ids that nobody can guess.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

/// So many random bytes, two hexadecimal digits each.
///
/// # Errors
/// The system has none.
pub fn random_hex(bytes: usize) -> io::Result<String> {
    let mut random = vec![0; bytes];
    let mut filled = 0;
    while filled < bytes {
        filled += getrandom(&mut random[filled..], GetRandomFlags::empty())?;
    }
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
