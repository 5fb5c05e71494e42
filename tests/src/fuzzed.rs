//! What reads words of others, as functions of bytes: the fuzzer (`tests/fuzz`) and a short run in `make test` try the same ones.
//!
//! None of them may panic, whatever the bytes; what they check beside that is said with each.
#![allow(clippy::panic, clippy::missing_panics_doc, reason = "a target fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use regionctl_engine::samples::samples;
use regionctl_engine::{Generation, HostView, Kinds, Lease, NoSecrets, journal, lints, observe, stages};
use regionctl_plan::{Change, Mark, Plan, Resource, SecretRef, diff};
use regionctl_ssh::known_hosts::KnownHosts;

/// A target.
pub type Target = fn(&[u8]);

/// Every target by name, which is also the name of its folder in the corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", answer),
    ("journal", read_journal),
    ("plan", plan),
    ("generation", generation),
    ("known_hosts", known_hosts),
    ("line", line),
];

static KINDS: LazyLock<Kinds> = LazyLock::new(Kinds::host);
/// One of every kind, and more.
static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(|| samples().into_iter().map(|sample| sample.wanted).collect());

/// What a host answers when it is asked what is so. Its facts are words that no file or command needs to fear, and a plan that is
/// made of it gives the host no secret.
pub fn answer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(seen) = observe::read(&KINDS, &RESOURCES, &text) else { return };
    for nic in &seen.facts.nics {
        assert!(!nic.name.contains(['"', '\'', '{', '$', '`', ';', '\n', '\u{1b}', '/', ' ']), "{nic:?}");
    }
    let wanted_by_any = RESOURCES.iter().map(|resource| resource.id.clone()).collect();
    let wanted = vec![("base".to_owned(), RESOURCES.clone())];
    let view = HostView { facts: seen.facts, ledger: seen.ledger, wanted, wanted_by_any, have: seen.have, locked: seen.locked };
    let planned = stages(&KINDS, &["base".into()], &BTreeMap::from([("a".to_owned(), view)]));
    let back = |change: &Change| !RESOURCES.iter().any(|resource| resource.id == change.resource.id);
    let changes = planned.iter().flat_map(|stage| stage.hosts.values()).flat_map(|on| &on.changes);
    for change in changes.filter(|change| back(change)) {
        assert!(change.resource.secrets.is_empty(), "{change:?}");
    }
}

/// A journal that a program was killed over, or that was sent.
pub fn read_journal(bytes: &[u8]) {
    let _ = journal::read(bytes);
}

/// The plan in a plan file. What is made of it does not depend on its own id.
pub fn plan(bytes: &[u8]) {
    let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else { return };
    let _ = (lints(&Kinds::host(), &plan), plan.counts(), plan.secrets());
    let id = plan.clone().seal().id;
    assert_eq!(Plan { id: "another".into(), ..plan }.seal().id, id);
}

/// A generation, as a server keeps it: without the region's key nothing proves it.
pub fn generation(bytes: &[u8]) {
    let Ok(generation) = serde_json::from_slice::<Generation>(bytes) else { return };
    assert!(!generation.is_proven(&NoSecrets));
    let _ = generation.store_script("run", "", None, None);
}

/// A known_hosts file: only what names the host is trusted.
pub fn known_hosts(bytes: &[u8]) {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(bytes).is_ok() {
        let known = KnownHosts::read(file.path(), "host.example", 2222, false);
        let _ = known.map(|known| known.algorithms());
    }
}

/// One line: of a lease, of whose a server is, of a secret's name, of a resource's. What is read is written the same.
pub fn line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Lease::read(&text);
    if let Some(mark) = Mark::read(&text) {
        assert_eq!(mark.to_string(), text);
    }
    if let Ok(secret) = text.parse::<SecretRef>() {
        assert_eq!(SecretRef::all(&secret.to_string()), [secret]);
    }
    let resource = Resource::present("file", text.into_owned());
    let _ = diff(&resource, None).map(|change| change.fields().len());
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A corpus that no reader takes would try nothing.
    #[test]
    fn the_corpus_is_read() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let file = |name: &str| std::fs::read(corpus.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for name in ["answer/fresh", "answer/installed", "answer/taken"] {
            let seen = observe::read(&KINDS, &RESOURCES, &String::from_utf8_lossy(&file(name)));
            let seen = seen.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(seen.facts.nics.len(), 2, "{name}");
            assert_eq!(seen.ledger.len(), if name.ends_with("fresh") { 0 } else { 2 }, "{name}");
        }
        assert_eq!(journal::read(&file("journal/whole")).map_or(0, |events| events.len()), 3);
        assert_eq!(journal::read(&file("journal/cut")).map_or(0, |events| events.len()), 1);
        assert_eq!(serde_json::from_slice::<Plan>(&file("plan/small")).map_or(0, |plan| plan.changes().count()), 2);
        assert!(serde_json::from_slice::<Generation>(&file("generation/small")).is_ok());
        assert!(Lease::read(&String::from_utf8_lossy(&file("line/lease"))).is_some());
    }
}
