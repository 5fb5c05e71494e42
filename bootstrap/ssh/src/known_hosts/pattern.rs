//! The first field of a known_hosts line: does it name this host?

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Whether a comma separated list of names matches. A negated name (`!`) that matches refuses the whole list.
pub(super) fn list_matches(list: &str, name: &str) -> bool {
    let mut found = false;
    for item in list.split(',') {
        if let Some(negated) = item.strip_prefix('!') {
            if item_matches(negated, name) {
                return false;
            }
        } else if item_matches(item, name) {
            found = true;
        }
    }
    found
}

fn item_matches(item: &str, name: &str) -> bool {
    match item.strip_prefix("|1|") {
        Some(hashed) => hash_matches(hashed, name).unwrap_or(false),
        None => wildcard_matches(item.to_ascii_lowercase().as_bytes(), name.as_bytes()),
    }
}

/// `salt|hmac-sha1(salt, name)`, both in base64.
fn hash_matches(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let salt = STANDARD.decode(salt).ok()?;
    let hash = STANDARD.decode(hash).ok()?;
    let mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
    Some(mac.chain_update(name.as_bytes()).verify_slice(&hash).is_ok())
}

/// `*` is any run of characters, `?` is one. Linear in practice: it only ever goes back to the last star.
fn wildcard_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, eaten)) => {
                    star = Some((at, eaten + 1));
                    p = at + 1;
                    n = eaten + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_negation() {
        for (list, name, wanted) in [
            ("a", "a", true),
            ("A.Example", "a.example", true),
            ("a,b", "b", true),
            ("*", "anything", true),
            ("*.example.org", "x.example.org", true),
            ("*.example.org", "example.org", false),
            ("10.0.?.*", "10.0.3.17", true),
            ("10.0.?.*", "10.0.33.17", false),
            ("*.org,!bad.org", "bad.org", false),
            ("!bad.org,*.org", "good.org", true),
            ("!bad.org", "good.org", false),
            ("[h]:22*", "[h]:2222", true),
            ("a*b*c", "a--b--b--c", true),
            ("", "a", false),
            ("|1|rubbish", "a", false),
            ("|1|not base64|neither", "a", false),
        ] {
            assert_eq!(list_matches(list, name), wanted, "{list} {name}");
        }
    }

    #[test]
    fn hashed_names() {
        // From `ssh-keygen -H`, host example.com.
        let hashed = "|1|O33ESRMWPVkMYIwJ1Uw+n877jTo=|nuuC5vEqXlEZ/8BXQR7m619W6Ak=";
        assert!(list_matches(hashed, "example.com"));
        assert!(!list_matches(hashed, "example.org"));
    }
}
