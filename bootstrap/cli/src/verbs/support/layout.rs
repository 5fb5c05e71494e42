//! What is in the archive and where: everything goes through the redactor here, and only here.

use std::collections::BTreeMap;
use std::time::Duration;

use regionctl_engine::{Generation, Kinds, observe};
use regionctl_plan::rfc3339;
use serde::Serialize;

use super::looks::{Answer, LOOKS};
use super::readme;
use crate::redact::Redactor;

/// All that was gathered, as it was found.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The region's name.
    pub region: String,
    /// The region's release.
    pub release: String,
    /// When, RFC 3339.
    pub at: String,
    /// How far back logs go, as the operator wrote it.
    pub since: String,
    /// The inventory's text.
    pub inventory: String,
    /// Journals of runs, by run.
    pub runs: BTreeMap<String, Vec<u8>>,
    /// Generations kept in the region's folder.
    pub generations: Vec<Generation>,
    /// What each host answered, or why it did not.
    pub hosts: BTreeMap<String, Result<Answer, String>>,
    /// What could not be had.
    pub problems: Vec<String>,
    /// Why the region's own values are not known; `None`: they are.
    pub unknown: Option<String>,
}

/// A file of the archive, redacted.
pub struct Entry {
    /// Its path, without the archive's own folder.
    pub path: String,
    /// What it holds.
    pub data: Vec<u8>,
}

#[derive(Serialize)]
struct GenerationRow<'a> {
    number: u64,
    parent: Option<u64>,
    at: &'a str,
    run: &'a str,
    release: &'a str,
    inventory_digest: &'a str,
    resources: BTreeMap<&'a str, usize>,
}

#[derive(Serialize)]
struct LedgerRow {
    id: String,
    layer: String,
    at: String,
}

/// The files of the archive, without secrets, README.txt first.
pub fn layout(gathered: &Gathered, redactor: &Redactor) -> Vec<Entry> {
    let mut problems = gathered.problems.clone();
    let mut files: Vec<(String, Vec<u8>)> = vec![("region.yaml".into(), gathered.inventory.clone().into_bytes())];
    files.push(("generations.json".into(), json(&gathered.generations.iter().map(generation_row).collect::<Vec<_>>())));
    files.extend(gathered.runs.iter().map(|(run, journal)| (format!("runs/{run}.ndjson"), journal.clone())));
    for (host, answer) in &gathered.hosts {
        let Ok(answer) = answer else { continue };
        match observe::read(&Kinds::host(), &[], &answer.observed) {
            Ok(seen) => {
                files.push((format!("hosts/{host}/facts.json"), json(&seen.facts)));
                let ledger: Vec<_> = seen.ledger.iter().map(ledger_row).collect();
                files.push((format!("hosts/{host}/ledger.json"), json(&ledger)));
            }
            Err(error) => problems.push(format!("{host}: no facts and no ledger: {error}")),
        }
        let looks = LOOKS.iter().filter_map(|look| Some((look.file, answer.files.get(look.file)?)));
        files.extend(looks.map(|(file, data)| (format!("hosts/{host}/{file}"), data.clone())));
    }
    let readme = readme::render(gathered, &problems, redactor.too_short());
    files.insert(0, ("README.txt".into(), readme.into_bytes()));
    files.into_iter().map(|(path, data)| Entry { path: text(redactor, &path), data: redactor.redact(&data) }).collect()
}

fn text(redactor: &Redactor, text: &str) -> String {
    String::from_utf8_lossy(&redactor.redact(text.as_bytes())).into_owned()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap_or_else(|error| error.to_string().into_bytes())
}

/// Not the resources themselves: they hold whole files.
fn generation_row(generation: &Generation) -> GenerationRow<'_> {
    GenerationRow {
        number: generation.number,
        parent: generation.parent,
        at: &generation.at,
        run: &generation.run,
        release: &generation.release,
        inventory_digest: &generation.inventory_digest,
        resources: generation.wanted.iter().map(|(host, wanted)| (host.as_str(), wanted.len())).collect(),
    }
}

fn ledger_row(entry: &regionctl_plan::LedgerEntry) -> LedgerRow {
    let at = rfc3339(Duration::from_nanos(entry.order));
    LedgerRow { id: entry.resource.id.to_string(), layer: entry.layer.clone(), at }
}
