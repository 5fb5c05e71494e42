//! What the types and the schema cannot say: one file per theme. Every theme reports all that it finds.

mod allotment;
mod base;
mod disks;
mod document;
mod gluster;
mod kubernetes;
mod lab;
mod mounts;
mod network;
mod ranges;
mod references;
mod servers;

pub(crate) use servers::is_reserved;

use std::collections::BTreeMap;

use crate::{
    diagnostics::{Diagnostic, Source},
    parse::{Known, Node, Path},
    types::Region,
};

/// Checks a region and allots the addresses that it leaves out.
///
/// `replaced` are the fields whose values are stand-ins for wrong ones; nothing is said about them here.
pub(crate) fn validate(
    mut region: Region,
    root: &Node,
    source: &Source,
    known: &Known<'_>,
    replaced: &[Path],
) -> (Region, Vec<Diagnostic>) {
    let mut report = Report { root, source, replaced, found: Vec::new() };
    document::check(&region, known, &mut report);
    servers::check(&region, &mut report);
    disks::check(&region, &mut report);
    network::check(&region, &mut report);
    ranges::check(&region, &mut report);
    references::check(&region, &mut report);
    gluster::check(&region, &mut report);
    mounts::check(&region, &mut report);
    kubernetes::check(&region, &mut report);
    base::check(&region, &mut report);
    lab::check(&region, &mut report);
    allotment::allot_all(&mut region, &mut report);
    (region, report.found)
}

/// Where the checks put what they find.
pub(crate) struct Report<'a> {
    root: &'a Node,
    source: &'a Source,
    replaced: &'a [Path],
    found: Vec<Diagnostic>,
}

impl Report<'_> {
    /// Whether the field has the value that the document says, and not a stand-in.
    pub(crate) fn is_sound(&self, path: &Path) -> bool {
        !self.replaced.iter().any(|replaced| path.is_within(replaced) || replaced.is_within(path))
    }

    /// Reports a mistake at a field. One that the document does not write is shown at the section around it.
    pub(crate) fn error(&mut self, path: &Path, message: impl Into<String>, hint: impl Into<String>) {
        if !self.is_sound(path) {
            return;
        }
        let span = self.root.locate(path);
        let place = (span.line, span.column);
        let hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self.found.push(self.source.diagnostic(place, path.to_string(), &span.text, message.into(), hint));
    }

    /// The line of a field, counted from 1, to refer to in a message about another.
    pub(crate) fn line(&self, path: &Path) -> usize {
        self.root.locate(path).line
    }
}

/// Finds values that come twice. Each is reported at its later place, with the line of the earlier one.
pub(crate) struct Seen<K> {
    first: BTreeMap<K, Path>,
}

impl<K: Ord> Seen<K> {
    pub(crate) fn new() -> Self {
        Self { first: BTreeMap::new() }
    }

    /// Notes a value; gives the place of the same value when it was seen before.
    pub(crate) fn note(&mut self, key: K, path: &Path, report: &Report<'_>) -> Option<Path> {
        if !report.is_sound(path) {
            return None;
        }
        match self.first.entry(key) {
            std::collections::btree_map::Entry::Occupied(first) => Some(first.get().clone()),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(path.clone());
                None
            }
        }
    }
}
