//! Bytes that nobody can guess.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::error::SecretsError;
use crate::secret::Secret;

/// Random bytes from the system.
///
/// # Errors
/// The system has none.
pub(crate) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, SecretsError> {
    let mut bytes = Zeroizing::new([0; N]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| SecretsError::Random)?;
    Ok(bytes)
}

/// A password of so many random bytes, two hexadecimal digits each: nothing in it needs quoting anywhere.
///
/// # Errors
/// The system has no random bytes.
pub(crate) fn password(length: usize) -> Result<Secret<String>, SecretsError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SecretsError::Random)?;
    let mut text = String::with_capacity(length * 2);
    for byte in bytes.iter() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_need_no_quotes() {
        let (one, two) = (password(32).unwrap(), password(32).unwrap());
        assert_ne!(one.reveal(), two.reveal());
        assert_eq!(one.reveal().len(), 64);
        assert!(one.reveal().chars().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(*bytes::<16>().unwrap(), *bytes::<16>().unwrap());
    }
}
