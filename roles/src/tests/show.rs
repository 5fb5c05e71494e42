//! Resources as text that a person can compare.

use regionctl_plan::{Fields, Resource};
use serde_json::Value;

/// One block a resource.
pub fn show(resources: &[Resource]) -> String {
    if resources.is_empty() {
        return "nothing\n".to_owned();
    }
    resources.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(resource: &Resource) -> String {
    let mut text = format!("{}\n", resource.id);
    match &resource.want {
        Some(want) => text += &fields(want, ""),
        None => text += "  absent\n",
    }
    text += &fields(&resource.params, "param ");
    for wait in &resource.waits {
        text += &format!("  after {wait}\n");
    }
    text
}

fn fields(fields: &Fields, before: &str) -> String {
    let field = |(name, value): (&String, &Value)| match value.as_str() {
        Some(value) if value.contains('\n') => {
            let lines = value.split('\n').map(|line| format!("    |{line}\n"));
            format!("  {before}{name}:\n{}", lines.collect::<String>())
        }
        Some(value) => format!("  {before}{name}: {value}\n"),
        None => format!("  {before}{name}: {value}\n"),
    };
    fields.iter().map(field).collect()
}
