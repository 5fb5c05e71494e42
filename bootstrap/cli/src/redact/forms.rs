//! The ways in which a known secret may be written.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// A line of a secret is a secret if it has more characters than this.
const SHORT_LINE: usize = 12;
/// What is cut out of the middle of a longer encoding must still be telling.
const SHORTEST_CUT: usize = 6;

/// Every form of a secret and of each of its lines.
pub fn of(value: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    write_all(value, &mut forms);
    let lines = value.lines().map(str::trim).filter(|line| is_telling(line));
    lines.for_each(|line| write_all(line, &mut forms));
    forms
}

/// False for short lines and for the frame of PEM, which every such file has.
fn is_telling(line: &str) -> bool {
    line.chars().count() > SHORT_LINE && !(line.starts_with("-----") && line.ends_with("-----"))
}

fn write_all(value: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let with_crlf = value.replace('\n', "\r\n");
    for text in [value, &with_crlf] {
        forms.insert(text.as_bytes().to_vec());
        let once = json(text);
        let twice = json(&once);
        forms.extend([&once, &twice].map(|escaped| escaped.replace('/', "\\/").into_bytes()));
        forms.extend([once, twice].map(String::into_bytes));
        for upper in [true, false] {
            forms.extend([url(text, upper, "%20"), url(text, upper, "+")].map(String::into_bytes));
            forms.extend(["", ":", " "].map(|between| hex(text, upper, between).into_bytes()));
        }
    }
    // A file is usually encoded with its last line feed.
    let with_end = format!("{value}\n");
    for text in [value, &with_end] {
        base64(text.as_bytes(), forms);
    }
}

/// As a string in JSON, without its quotes.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

/// As in a URL: all but the unreserved characters as `%41`.
fn url(text: &str, upper: bool, space: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out += space,
            _ => out += &if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") },
        }
    }
    out
}

fn hex(text: &str, upper: bool, between: &str) -> String {
    let digits = |byte: u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    text.bytes().map(digits).collect::<Vec<_>>().join(between)
}

/// Alone, broken into lines, and in the middle of something longer: there are three ways for it to lie there.
fn base64(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let alone = STANDARD.encode(value);
    for width in [64, 76] {
        let lines = alone.as_bytes().chunks(width).filter(|line| line.len() > SHORT_LINE);
        forms.extend(lines.map(<[u8]>::to_vec));
    }
    forms.insert(alone.into_bytes());
    forms.extend([URL_SAFE.encode(value), STANDARD_NO_PAD.encode(value), URL_SAFE_NO_PAD.encode(value)].map(String::into_bytes));
    for before in 0..3_usize {
        let mut shifted = vec![0; before];
        shifted.extend_from_slice(value);
        // Characters that hold bits of what is before or after are left out.
        let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&shifted).into_bytes();
            forms.extend(encoded.get(from..to).filter(|cut| cut.len() >= SHORTEST_CUT).map(<[u8]>::to_vec));
        }
    }
}
