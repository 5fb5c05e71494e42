//! The schema and the reference say all of the document.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use std::fs;
use std::path::Path;

use regionctl_inventory::{Known, parse_bytes, reference, schema};
use serde_json::Value;

/// Every field has a description: the reference has no empty cell.
#[test]
fn every_field_is_described() {
    fn visit(value: &Value, path: &str, missing: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                if property.get("description").is_none() {
                    missing.push(format!("{path}/{name}"));
                }
            }
        }
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| visit(value, &format!("{path}/{key}"), missing)),
            Value::Array(items) => items.iter().for_each(|value| visit(value, path, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    visit(&schema(), "", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

/// Nothing unknown is accepted anywhere that has fields.
#[test]
fn every_section_is_closed() {
    let schema = schema();
    for (name, part) in schema["$defs"].as_object().unwrap() {
        if part.get("properties").is_some() {
            assert_eq!(part["additionalProperties"], false, "{name}");
        }
    }
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["kind"]["const"], "Region");
}

#[test]
fn the_reference_names_every_section() {
    let page = reference();
    for section in
        ["spec", "spec.ssh.bastion", "spec.servers[].disks[]", "spec.gluster.volumes[].bricks[].loop", "spec.lab.servers.NAME"]
    {
        assert!(page.contains(&format!("# `{section}`\n")), "{section}\n{page}");
    }
    assert!(page.contains("| `mtu` | number, 576 to 9216 | `1500` |"), "{page}");
    assert!(page.contains("| `name` | name | **required** |"), "{page}");
}

/// What `validate` refuses and no schema can: what two fields say of each other, what is known elsewhere, what YAML itself forgives.
const BEYOND_A_SCHEMA: [&str; 22] = [
    "address-outside",
    "arbiter",
    "base",
    "bricks",
    "collision",
    "duplicate-addresses",
    "duplicate-names",
    "etcd",
    "nested-mounts",
    "no-cluster",
    "no-control-plane",
    "overlap-with-default",
    "overlapping-ranges",
    "public-address",
    "replica-count",
    "same-server",
    "shared-disk",
    "tag",
    "threshold",
    "tiny-vrack",
    "unknown-server",
    "wrong-range-alone",
];

/// An editor that has the schema says of each example and of each case what `validate` says, where a schema can.
#[test]
fn a_standard_validator_says_the_same() {
    let schema =
        jsonschema::options().should_validate_formats(true).should_ignore_unknown_formats(true).build(&schema()).unwrap();
    let known = Known { releases: &["2026.11", "2027.05"] };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["cases", "examples"].into_iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    let (mut refused, mut beyond) = (Vec::new(), Vec::new());
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(document) = std::str::from_utf8(&bytes).ok().and_then(|text| serde_yaml::from_str::<Value>(text).ok()) else {
            continue;
        };
        let accepted = parse_bytes(&bytes, &name, &known).is_ok();
        match (accepted, schema.iter_errors(&document).next()) {
            (true, Some(error)) => refused.push(format!("{name}: {}: {error}", error.instance_path())),
            (false, None) => beyond.push(name),
            _ => {}
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert_eq!(beyond, BEYOND_A_SCHEMA);
}
