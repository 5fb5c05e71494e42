//! The lines of a known_hosts file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// The first line that does not belong into a known_hosts file; from 1. A file with such a line is something else, and a line more
/// could mean anything there: `pty ssh-ed25519 …` is a host's key here, and a login in `authorized_keys`.
pub(super) fn foreign_line(text: &str) -> Option<usize> {
    let belongs = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip_while(|field| field.starts_with('@'));
        let Some(hosts) = fields.next().filter(|hosts| !hosts.starts_with('#')) else { return true };
        let name = |c: char| c.is_ascii_alphanumeric() || ".-_:*?![]|+/=,%".contains(c);
        let (Some(kind), Some(key)) = (fields.next(), fields.next()) else { return false };
        hosts.chars().all(name) && is_of_kind(key, kind)
    };
    text.lines().position(|line| !belongs(line)).map(|line| line + 1)
}

/// A key in base64 begins with its kind: four bytes of length, then the name.
fn is_of_kind(key: &str, kind: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|key| key.get(4..).is_some_and(|rest| rest.starts_with(kind.as_bytes())))
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
