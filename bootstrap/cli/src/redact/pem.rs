//! Private keys and OpenVPN's static keys between `-----BEGIN …-----` and `-----END …-----`, also where one of the two was cut off.

use std::ops::Range;

use regex::bytes::Regex;

/// What may stand before or after a frame whose other half is missing, in bytes: longer than any key.
const REACH: usize = 16 * 1024;

/// Finds private keys.
pub struct Pem(Regex);

impl Pem {
    /// # Errors
    /// None that this pattern can have.
    pub fn new() -> Result<Self, regex::Error> {
        let label = r"(?:[A-Za-z0-9 ]*PRIVATE KEY(?: BLOCK)?|OpenVPN [A-Za-z0-9 -]*?key[A-Za-z0-9 ]*)";
        Regex::new(&format!(r"(?-u)-----(BEGIN|END) {label}-----")).map(Self)
    }

    /// Where they are.
    pub fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut open: Option<usize> = None;
        let mut before = 0;
        for frame in self.0.captures_iter(text) {
            let (Some(at), Some(word)) = (frame.get(0), frame.get(1)) else { continue };
            match (word.as_bytes(), open) {
                (b"BEGIN", was) => {
                    // The one before was cut off.
                    found.extend(was.map(|start| start..at.start().min(start + REACH)));
                    open = Some(at.start());
                }
                (_, Some(start)) => {
                    found.push(start..at.end());
                    open = None;
                }
                (_, None) => found.push(beginning(text, before, at.start())..at.end()),
            }
            before = at.end();
        }
        found.extend(open.map(|start| start..text.len().min(start + REACH)));
        found
    }
}

/// Where a key begins whose first lines were cut off: at the first of the lines before its end that could be of a key.
fn beginning(text: &[u8], from: usize, end: usize) -> usize {
    let from = from.max(end.saturating_sub(REACH));
    let before = text.get(from..end).unwrap_or_default();
    let mut start = before.len();
    // The last line of a key may be short, and the end may stand behind a time stamp.
    for (number, line) in before.split_inclusive(|byte| *byte == b'\n').rev().enumerate() {
        if number > 1 && !could_be_key(line) {
            break;
        }
        start -= line.len();
    }
    from + start
}

/// True if the line ends as base64 or hexadecimal of some length.
fn could_be_key(line: &[u8]) -> bool {
    let of_key = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/' | b'=');
    line.trim_ascii_end().iter().rev().take_while(of_key).count() >= 32
}
