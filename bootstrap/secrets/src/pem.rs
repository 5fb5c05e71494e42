//! PEM blocks whose kind no library knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A block with lines of 64 characters.
pub(crate) fn encode(kind: &str, bytes: &[u8]) -> Secret<String> {
    let body = Zeroizing::new(STANDARD.encode(bytes));
    // Of its full size at once: growing would leave copies behind.
    let mut text = String::with_capacity(body.len() + body.len() / 64 + 2 * kind.len() + 40);
    text.push_str(&format!("-----BEGIN {kind}-----\n"));
    for (i, letter) in body.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str(&format!("\n-----END {kind}-----\n"));
    Secret::new(text)
}

/// The bytes of the first block of this kind.
pub(crate) fn decode(kind: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {kind}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode("THING", &bytes);
        assert!(text.reveal().lines().all(|line| line.len() <= 64));
        assert_eq!(decode("THING", text.reveal()).as_deref(), Some(&bytes));
        assert!(decode("OTHER", text.reveal()).is_none());
        assert!(decode("THING", "-----BEGIN THING-----\n!\n-----END THING-----").is_none());
    }
}
