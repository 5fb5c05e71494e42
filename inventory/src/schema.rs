//! The JSON schema of the document, made from the types.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{API_VERSION, KIND, types::Region};

/// The JSON schema of the document (draft 2020-12), for editors: completion, descriptions and the first checks.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Region>().to_value();
    tidy(&mut schema);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, value) in [("apiVersion", API_VERSION), ("kind", KIND)] {
            if let Some(Value::Object(property)) = properties.get_mut(name) {
                property.insert("const".to_owned(), json!(value));
            }
        }
    }
    schema
}

/// Line breaks of our sources are no line breaks of the text, a default of nothing is no default, and a text may look like a number
/// or a boolean, which `validate` reads as written.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.split("\n\n").map(|p| p.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            let words = ["enum", "const", "oneOf"].iter().any(|key| object.contains_key(*key));
            let also = looks_like(object.get("format").and_then(Value::as_str));
            if let Some(kind) = object.get_mut("type").filter(|_| !words) {
                let kinds: Vec<Value> = kind.as_array().cloned().unwrap_or_else(|| vec![kind.clone()]);
                if kinds.contains(&json!("string")) && !also.is_empty() {
                    *kind = kinds.into_iter().chain(also.iter().map(|kind| json!(kind))).collect();
                }
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// What else a text of this format is to a reader of YAML, written without quotes: `1.36`, `true`.
fn looks_like(format: Option<&str>) -> &'static [&'static str] {
    match format {
        None | Some("interface") => &["number", "boolean"],
        Some("kubernetes-version") => &["number"],
        Some("name" | "dns-name" | "host") => &["boolean"],
        Some(_) => &[],
    }
}

/// What a part of the schema accepts.
#[derive(Debug)]
pub(crate) enum Shape<'a> {
    Any,
    Struct { properties: &'a Map<String, Value>, required: Vec<&'a str> },
    Map(&'a Value),
    List { items: &'a Value, least: u64 },
    Choice(Vec<String>),
    Text { format: Option<&'a str>, least: u64 },
    Flag,
    Number { least: i64, most: i64 },
}

impl Shape<'_> {
    /// What it accepts, in words.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Struct { .. } | Self::Map(_) => "fields",
            Self::List { .. } => "a list",
            Self::Choice(_) => "one of a few words",
            Self::Text { .. } => "a text",
            Self::Flag => "`true` or `false`",
            Self::Number { .. } => "a whole number",
        }
    }
}

/// Follows references and leaves out the `null` of optional fields.
pub(crate) fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    // A reference to a reference is as far as our types go.
    for _ in 0..4 {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        let not_null = |part: &&Value| part.get("type").and_then(Value::as_str) != Some("null");
        let optional = schema.get("anyOf").and_then(Value::as_array).and_then(|parts| parts.iter().find(not_null));
        match (reference.and_then(|pointer| root.pointer(pointer)), optional) {
            (Some(target), _) | (None, Some(target)) => schema = target,
            (None, None) => break,
        }
    }
    schema
}

/// What a part of the schema accepts.
pub(crate) fn shape<'a>(root: &'a Value, schema: &'a Value) -> Shape<'a> {
    let schema = resolve(root, schema);
    if let Some(choices) = choices(schema) {
        return Shape::Choice(choices.into_iter().map(|(name, _)| name.to_owned()).collect());
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_i64);
    match type_name(schema) {
        Some("object") => match (schema.get("properties").and_then(Value::as_object), schema.get("additionalProperties")) {
            (Some(properties), _) => {
                let required = schema.get("required").and_then(Value::as_array);
                let required = required.into_iter().flatten().filter_map(Value::as_str).collect();
                Shape::Struct { properties, required }
            }
            (None, Some(values)) => Shape::Map(values),
            (None, None) => Shape::Any,
        },
        Some("array") => Shape::List {
            items: schema.get("items").unwrap_or(&Value::Null),
            least: schema.get("minItems").and_then(Value::as_u64).unwrap_or(0),
        },
        Some("string") => Shape::Text {
            format: schema.get("format").and_then(Value::as_str),
            least: schema.get("minLength").and_then(Value::as_u64).unwrap_or(0),
        },
        Some("boolean") => Shape::Flag,
        Some("integer") => {
            Shape::Number { least: number("minimum").unwrap_or(i64::MIN), most: number("maximum").unwrap_or(i64::MAX) }
        }
        _ => Shape::Any,
    }
}

/// The words that a part of the schema accepts, each with its description, if it accepts words only.
pub(crate) fn choices(schema: &Value) -> Option<Vec<(&str, Option<&str>)>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().filter_map(Value::as_str).map(|word| (word, None)).collect());
    }
    let parts = schema.get("oneOf")?.as_array()?;
    let mut out = Vec::new();
    for part in parts {
        let description = part.get("description").and_then(Value::as_str);
        if let Some(word) = part.get("const").and_then(Value::as_str) {
            out.push((word, description));
        } else {
            let words = part.get("enum")?.as_array()?;
            out.extend(words.iter().filter_map(Value::as_str).map(|word| (word, description)));
        }
    }
    Some(out)
}

/// The type that a part of the schema names, beside `null`.
pub(crate) fn type_name(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}
