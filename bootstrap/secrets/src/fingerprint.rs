//! Digests that say nothing to whoever has no key.

use std::fmt::Write as _;

use aws_lc_rs::hmac;

use crate::secret::Secret;

/// HMAC-SHA256 of a text under a key, in hexadecimal: who has both can compare, and who has no key cannot try values.
pub fn fingerprint(key: &Secret<String>, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes());
    hmac::sign(&key, text.as_bytes()).as_ref().iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_rfc_4231_has_it() {
        let digits = fingerprint(&Secret::new("Jefe".to_owned()), "what do ya want for nothing?");
        assert_eq!(digits, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
