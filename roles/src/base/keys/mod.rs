//! More keys that may log in. Keys that are there already stay.

use std::collections::BTreeSet;

use regionctl_engine::want;

use crate::{Host, Wanted};

/// One resource a key, named after its comment, or after the end of the key where two have the same comment.
pub fn wants(host: &Host<'_>) -> Wanted {
    let user = &host.region.spec.ssh.user;
    let mut names = BTreeSet::new();
    let mut keys = BTreeSet::new();
    host.region.spec.base.authorized_keys.iter().fold(Wanted::new(), |wanted, line| {
        let body = line.split_whitespace().nth(1).unwrap_or_default();
        if !keys.insert(body) {
            return wanted;
        }
        let mut key = want::authorized_key(user, line);
        if !names.insert(key.id.name.clone()) {
            key.id.name = format!("{} {}", key.id.name, body.get(body.len().saturating_sub(16)..).unwrap_or(body));
        }
        wanted.then(key)
    })
}
