//! The lines of a known_hosts file.

use russh::keys::PublicKey;
use russh::keys::parse_public_key_base64;

use super::pattern::list_matches;

/// What a line says about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The host has this key.
    Trusted,
    /// The host must not have this key.
    Revoked,
}

/// One line that is about a key of the host looked up.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// From 1.
    pub(super) line: usize,
    pub(super) mark: Mark,
    /// The second field.
    pub(super) kind: String,
    /// `None` when the type is not supported here.
    pub(super) key: Option<PublicKey>,
    /// Whether it was found under the name without the port.
    pub(super) bare: bool,
}

/// The entries that name `name`, in the file's order. Lines that cannot be read are skipped, as OpenSSH does.
pub(super) fn find(text: &str, name: &str) -> Vec<Entry> {
    text.lines().enumerate().filter_map(|(i, line)| parse(i + 1, line, name)).collect()
}

fn parse(number: usize, line: &str, name: &str) -> Option<Entry> {
    let mut fields = line.split_ascii_whitespace();
    let mut hosts = fields.next()?;
    if hosts.starts_with('#') {
        return None;
    }
    let mut mark = Mark::Trusted;
    if let Some(marker) = hosts.strip_prefix('@') {
        match marker {
            "revoked" => mark = Mark::Revoked,
            // Host certificates are never asked for, so their authorities decide nothing.
            _ => return None,
        }
        hosts = fields.next()?;
    }
    if !list_matches(hosts, name) {
        return None;
    }
    let kind = fields.next()?.to_owned();
    let key = fields.next()?;
    Some(Entry { line: number, mark, key: parse_public_key_base64(key).ok(), kind, bare: false })
}
