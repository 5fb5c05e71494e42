//! The schema and the reference say all of the document.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use regionctl_inventory::{reference, schema};
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
