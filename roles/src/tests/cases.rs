//! Cases: `cases/LAYER/ROLE/NAME.yaml` says the host and what differs from `cases/region.yaml`; `NAME.txt` is what the role
//! wants. `REGIONCTL_BLESS=1` writes the latter anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regionctl_engine::Wants;
use regionctl_inventory::Region;
use regionctl_plan::{NetworkManager, Writer};
use serde::Deserialize;
use serde_json::Value;

use super::{facts, region, show::show, wired};
use crate::{LAYERS, Replaced, Roles};

/// A case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub about: String,
    /// The host.
    pub host: String,
    /// Its version of Debian.
    #[serde(default = "thirteen")]
    pub debian: u32,
    /// Whether it shares its kernel.
    #[serde(default)]
    pub container: bool,
    /// What configures its network.
    #[serde(default)]
    pub network: NetworkManager,
    /// Who else writes there.
    #[serde(default)]
    pub writers: Vec<Writer>,
    /// The interfaces with a default route.
    #[serde(default = "eno1")]
    pub ways_out: Vec<String>,
    /// The disk that is replaced, as `SERVER:DISK`.
    #[serde(default)]
    pub replaced: Option<String>,
    /// The identity of what is wiped on it.
    #[serde(default)]
    pub wiped: Option<String>,
    /// A JSON merge patch (RFC 7386) on `cases/region.yaml`.
    #[serde(default)]
    pub patch: Value,
}

fn eno1() -> Vec<String> {
    vec!["eno1".to_owned()]
}

fn thirteen() -> u32 {
    13
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

impl Case {
    /// The disk that is replaced.
    fn replaced(&self) -> Option<Replaced> {
        let (server, disk) = self.replaced.as_deref()?.split_once(':')?;
        Some(Replaced { server: server.to_owned(), disk: disk.to_owned(), wiped: self.wiped.clone(), allowed: Vec::new() })
    }

    /// The region of the case, checked as the operator's would be.
    pub fn region(&self, path: &Path) -> Arc<Region> {
        let mut document: Value = serde_yaml::from_str(&read(&folder().join("region.yaml"))).unwrap();
        if !self.patch.is_null() {
            merge(&mut document, &self.patch);
        }
        // JSON is YAML.
        region(&serde_json::to_string_pretty(&document).unwrap(), &path.display().to_string())
    }
}

/// Every case of every role, with the role's name.
pub fn all() -> Vec<(&'static str, PathBuf, Case)> {
    let roles = LAYERS.iter().flat_map(|layer| layer.roles);
    let of_role = |role: &'static crate::Role| {
        let folder = folder().join(role.name);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> =
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
        files.sort();
        assert!(!files.is_empty(), "`{}` has no case", role.name);
        files.into_iter().map(|path| {
            let case: Case = serde_yaml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(!case.about.is_empty());
            (role.name, path, case)
        })
    };
    roles.flat_map(of_role).collect()
}

#[test]
fn every_role_wants_what_its_cases_say() {
    let bless = std::env::var_os("REGIONCTL_BLESS").is_some();
    let mut wrong = Vec::new();
    for (role, path, case) in all() {
        let region = case.region(&path);
        let roles = Roles::of(Arc::clone(&region)).unwrap().replacing(case.replaced());
        let layer = role.split('/').next().unwrap();
        let mut facts = wired(facts(case.debian, case.container), &region, &case.host);
        facts.network = case.network;
        facts.writers.clone_from(&case.writers);
        facts.ways_out.clone_from(&case.ways_out);
        let wanted = roles.wanted(layer, &case.host, &facts);
        let wanted: Vec<_> = wanted.into_iter().filter(|resource| resource.role == role).collect();
        let found = show(&wanted);
        let golden = path.with_extension("txt");
        if bless {
            std::fs::write(&golden, &found).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != found {
            wrong.push(format!("{}: {}\n{found}", golden.display(), case.about));
        }
    }
    assert!(wrong.is_empty(), "{}\nif this is as it should be, run again with REGIONCTL_BLESS=1", wrong.join("\n"));
}

/// `cases/region.yaml` as it is.
pub fn whole() -> Case {
    Case {
        about: String::new(),
        host: String::new(),
        debian: 13,
        container: false,
        network: NetworkManager::Other,
        writers: Vec::new(),
        ways_out: eno1(),
        replaced: None,
        wiped: None,
        patch: Value::Null,
    }
}

/// The whole order of a region, to be read: `cases/region.txt`.
#[test]
fn every_host_of_the_region_gets_everything_in_this_order() {
    let whole = whole();
    let region = whole.region(Path::new("region.yaml"));
    let roles = Roles::of(Arc::clone(&region)).unwrap();
    let mut found = String::new();
    for server in region.servers() {
        for layer in roles.layers() {
            found += &format!("{} {layer}\n", server.name);
            for resource in roles.wanted(&layer, server.name.as_str(), &wired(facts(13, false), &region, server.name.as_str())) {
                let waits: Vec<_> = resource.waits.iter().map(ToString::to_string).collect();
                let after = if waits.is_empty() { String::new() } else { format!(", after {}", waits.join(" and ")) };
                found += &format!("  {}{after}\n", resource.id);
            }
        }
    }
    let golden = folder().join("region.txt");
    if std::env::var_os("REGIONCTL_BLESS").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&golden).unwrap_or_default(),
        found,
        "run again with REGIONCTL_BLESS=1 if this is as it should be"
    );
}
