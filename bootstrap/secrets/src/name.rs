//! Names of entries.

use crate::error::SecretsError;

const MAX: usize = 200;

/// Accepts names such as `vpn/ca/key`.
///
/// # Errors
/// Another letter, an empty part, or more than 200 bytes.
pub(crate) fn check(name: &str) -> Result<(), SecretsError> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    let good = |part: &str| part.chars().any(|c| c.is_ascii_alphanumeric()) && part.chars().all(letter);
    if name.len() <= MAX && name.split('/').all(good) {
        return Ok(());
    }
    Err(SecretsError::Name { name: name.escape_default().take(MAX).collect() })
}

/// The entry of the key, of what has a key and a certificate.
pub fn key(name: &str) -> String {
    format!("{name}/key")
}

/// The entry of the certificate, of what has a key and a certificate.
pub fn cert(name: &str) -> String {
    format!("{name}/cert")
}

/// The entry of a Tang server's key that signs.
pub fn sign(name: &str) -> String {
    format!("{name}/sign")
}

/// The entry of a Tang server's key for the exchange.
pub fn exchange(name: &str) -> String {
    format!("{name}/exchange")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_are_plain() {
        for good in ["vpn", "vpn/ca/key", "vpn/user/alice.b_c-d", "0"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a/", "/a", "a//b", "../a", "A", "a b", "a\n", "é", &"a".repeat(201)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
