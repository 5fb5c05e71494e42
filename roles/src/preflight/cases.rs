//! The cases: `roles/cases/preflight/healthy.yaml` and what single patches make of it.
//!
//! `healthy.yaml` has `region` (an inventory), `common` (what all hosts answer), `hosts` (what each adds) and `clock`. A
//! case has `patch` (a JSON merge patch, RFC 7386, on the whole), `unreachable` (host → error) and `expect`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use regionctl_inventory::Region;
use regionctl_plan::{Finding, Severity};
use serde::Deserialize;
use serde_json::Value;

use super::{CHECKS, Exchange, HostProbe, Outcome, RegionFacts, brief_script, check, reference, script};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/preflight")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    region: Region,
    hosts: BTreeMap<String, HostProbe>,
    clock: BTreeMap<String, Exchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code)]
    about: String,
    #[serde(default)]
    patch: Value,
    #[serde(default)]
    unreachable: BTreeMap<String, String>,
    #[serde(default)]
    expect: Vec<Expected>,
    /// Host and check that are expected to be noted, not found.
    #[serde(default)]
    notes: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    name: String,
    host: Option<String>,
    message: String,
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// `healthy.yaml`, with what is common to all hosts merged into each.
fn healthy() -> Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let read = || {
        let mut document = read(&folder().join("healthy.yaml"));
        let common = document.as_object_mut().unwrap().remove("common").unwrap();
        for host in document["hosts"].as_object_mut().unwrap().values_mut() {
            let own = std::mem::replace(host, common.clone());
            merge(host, &own);
        }
        document
    };
    DOCUMENT.get_or_init(read).clone()
}

/// The facts of `healthy.yaml` with a patch, and the region.
fn facts(name: &str, patch: &Value, unreachable: &BTreeMap<String, String>) -> (Region, RegionFacts) {
    let mut document = healthy();
    if !patch.is_null() {
        merge(&mut document, patch);
    }
    let base: Base = serde_json::from_value(document).unwrap_or_else(|error| panic!("{name}: {error}"));
    let hosts = base.hosts.into_iter().map(|(host, probe)| (host, Ok(probe)));
    let mut facts = RegionFacts { hosts: hosts.collect(), operator_clock: base.clock };
    for (host, error) in unreachable {
        facts.hosts.insert(host.clone(), Err(error.clone()));
    }
    (base.region, facts)
}

fn findings(outcomes: &[Outcome]) -> Vec<Finding> {
    outcomes.iter().flat_map(|outcome| outcome.findings.clone()).collect()
}

fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name != "healthy" {
            let case = serde_json::from_value(read(&path)).unwrap_or_else(|error| panic!("{name}: {error}"));
            cases.push((name, case));
        }
    }
    cases.sort_by(|(a, _), (b, _)| a.cmp(b));
    cases
}

#[test]
fn healthy_servers_pass_every_check() {
    let (region, facts) = facts("healthy", &Value::Null, &BTreeMap::new());
    let outcomes = check(&region, &facts);
    assert_eq!(findings(&outcomes), []);
    for outcome in &outcomes {
        assert_eq!(outcome.notes, [], "{}", outcome.name);
        assert_eq!(outcome.passed.len(), 4, "{}", outcome.name);
    }
}

#[test]
fn each_case_finds_just_what_it_says() {
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        let (region, facts) = facts(&name, &case.patch, &case.unreachable);
        let outcomes = check(&region, &facts);
        let found = findings(&outcomes);
        let mut found: Vec<_> = found.into_iter().map(|f| Expected { name: f.name, host: f.host, message: f.message }).collect();
        let mut expect = case.expect;
        found.sort();
        expect.sort();
        if found != expect {
            wrong.push(format!("{name}:\n  expected {expect:#?}\n  found {found:#?}"));
        }
        for (host, note) in case.notes {
            let noted =
                outcomes.iter().find(|o| o.name == note).is_some_and(|o| o.notes.iter().any(|n| n.host.as_ref() == Some(&host)));
            if !noted {
                wrong.push(format!("{name}: no note of {note} on {host}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_has_a_case_that_fails_it() {
    let failed: BTreeSet<String> = cases().into_iter().flat_map(|(_, case)| case.expect).map(|finding| finding.name).collect();
    let without: Vec<_> = CHECKS.iter().map(|check| check.name).filter(|name| !failed.contains(*name)).collect();
    assert_eq!(without, Vec::<&str>::new());
    let names: BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(names.len(), CHECKS.len(), "two checks have the same name");
    assert!(CHECKS.len() >= 40);
}

#[test]
fn names_and_messages_keep_to_the_house_style() {
    for check in CHECKS {
        assert!(check.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", check.name);
        assert!(!check.about.ends_with('.'), "{}", check.about);
    }
    for (name, case) in cases() {
        for finding in case.expect {
            assert!(!finding.message.ends_with('.'), "{name}");
        }
    }
    assert_eq!(reference().lines().count(), CHECKS.len() + 2);
}

#[test]
fn an_outcome_is_counted_once_per_host() {
    let unreachable = BTreeMap::from([("compute-1".to_owned(), "refused".to_owned())]);
    let (region, facts) = facts("", &Value::Null, &unreachable);
    let outcomes = check(&region, &facts);
    assert_eq!((outcomes[0].passed.len(), outcomes[0].findings.len(), outcomes[0].skipped.len()), (3, 1, 0));
    assert_eq!((outcomes[1].passed.len(), outcomes[1].findings.len(), outcomes[1].skipped.len()), (3, 0, 1));
    assert_eq!(outcomes[0].findings[0].severity, Severity::Error);
    assert!(serde_json::to_string(&outcomes).unwrap().contains("host-answers"));
}

#[test]
fn a_slow_script_does_not_blur_the_clock() {
    let (_, mut facts) = facts("", &Value::Null, &BTreeMap::new());
    // The script ran for ten seconds, the way there and back took 0.2 s, and the host is 5 s ahead.
    let probe = facts.hosts.get_mut("compute-1").unwrap().as_mut().unwrap();
    (probe.clock.start, probe.clock.end) = (Some(1005.1), Some(1015.1));
    facts.operator_clock.insert("compute-1".into(), Exchange { sent: 1000.0, received: 1010.2 });
    let (low, high) = facts.skew("compute-1").unwrap();
    assert!((low - 4.9).abs() < 1e-6 && (high - 5.1).abs() < 1e-6, "{low} {high}");
}

/// The whole script of a server, as the host gets it.
fn whole(patch: &Value) -> String {
    let (region, _) = facts("", patch, &BTreeMap::new());
    let server = region.server("storage-1").unwrap();
    format!("{}{}", regionctl_engine::PRELUDE, script(&region, server))
}

#[test]
fn the_script_is_posix_whatever_names_it_holds() {
    let hostile =
        serde_json::json!({"region": {"spec": {"base": {"modules": ["a b", "$(touch /tmp/regionctl-was-here)", "it's"]}}}});
    for text in [whole(&Value::Null), whole(&hostile)] {
        let file = std::env::temp_dir().join(format!("regionctl-preflight-{}-{}.sh", std::process::id(), text.len()));
        std::fs::write(&file, &text).unwrap();
        let status = Command::new("dash").arg("-n").arg(&file).output().unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        for bashism in ["[[", "<<<", "function ", "&>", "declare ", "$'"] {
            assert!(!text.contains(bashism), "{bashism}");
        }
    }
    assert!(whole(&hostile).contains("read_module '$(touch /tmp/regionctl-was-here)'"));
}

/// The real script on this machine: nothing that it prints is lost, and nothing stays behind.
#[test]
fn the_real_script_is_understood() {
    let before = leftovers();
    let output = Command::new("sh").arg("-c").arg(whole(&Value::Null)).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let probe = HostProbe::read(&stdout).unwrap();
    assert_eq!(probe.unread, Vec::<String>::new());
    assert_eq!(probe.noise, Vec::<String>::new());
    assert!(!probe.system.kernel.is_empty() && probe.system.shell_posix && probe.system.uid.is_some());
    assert!(probe.hardware.cpus > 0 && probe.hardware.memory_kib > 0 && !probe.hardware.modules.is_empty());
    assert!(probe.clock.start < probe.clock.end);
    assert!(probe.system.filesystems.contains_key("/var"));
    assert_eq!(probe.disks.len(), 1, "{:?}", probe.disks);
    assert!(!probe.writes.millis.is_empty() || !probe.writes.error.is_empty());
    assert_eq!(leftovers(), before);

    // Whatever this machine is, judging it does not fail, and it says something of every check.
    let (region, mut facts) = facts("", &Value::Null, &BTreeMap::new());
    facts.hosts = BTreeMap::from([("storage-1".to_owned(), Ok(probe))]);
    assert_eq!(check(&region, &facts).len(), CHECKS.len());
}

/// What a day-2 change asks is answered by the short script as by the long one.
#[test]
fn the_brief_script_answers_what_changes_need() {
    let (region, _) = facts("", &Value::Null, &BTreeMap::new());
    let server = region.server("storage-1").unwrap();
    let run = |script: String| {
        let output = Command::new("sh").arg("-c").arg(format!("{}{script}", regionctl_engine::PRELUDE)).output().unwrap();
        HostProbe::read(&String::from_utf8(output.stdout).unwrap()).unwrap()
    };
    let (brief, whole) = (run(brief_script(server)), run(script(&region, server)));
    assert_eq!(brief.unread, Vec::<String>::new());
    assert_eq!(brief.network.nics.keys().collect::<Vec<_>>(), whole.network.nics.keys().collect::<Vec<_>>());
    assert_eq!(brief.disks, whole.disks);
    assert_eq!(brief.system.filesystems.keys().collect::<Vec<_>>(), whole.system.filesystems.keys().collect::<Vec<_>>());
}

fn leftovers() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/var/lib").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    entries.filter(|path| path.to_string_lossy().contains(".regionctl-preflight.")).collect()
}
