//! Compares the tree with the schema: unknown and missing fields, duplicate keys, wrong types, values out of bounds.
//!
//! Serde stops at its first error; this goes on. What is wrong is left out or replaced by a stand-in, and its path is
//! remembered, so that what comes after can still be checked and does not report the stand-ins.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    Path,
    scalar::{self, Scalar},
    tree::{Data, Field, Node, Span},
};
use crate::{
    diagnostics::{Diagnostic, Source},
    nearest,
    schema::{Shape, shape},
    values,
};

/// The state of a comparison.
pub(crate) struct Walk<'a> {
    pub(crate) source: &'a Source,
    pub(crate) schema: &'a Value,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The fields whose values are not what the document says.
    pub(crate) replaced: Vec<Path>,
}

impl Walk<'_> {
    /// The value of a node as its schema wants it, with stand-ins for what is wrong. `None` when the node itself is wrong.
    pub(crate) fn value(&mut self, node: &Node, schema: &Value, path: &Path) -> Option<Value> {
        let shape = shape(self.schema, schema);
        match (&shape, &node.data) {
            (Shape::Any, _) => Some(self.free(node, path)),
            (Shape::Struct { properties, required }, Data::Map(fields)) => {
                Some(self.fields(node, fields, properties, required, path))
            }
            (Shape::Map(values), Data::Map(fields)) => Some(self.entries(fields, values, path)),
            (Shape::List { items, least }, Data::List(nodes)) => self.items(node, nodes, items, *least, path),
            (_, Data::Scalar { text, plain }) => self.scalar(node, text, *plain, &shape, path),
            _ => {
                self.wrong_type(node, &shape, path);
                None
            }
        }
    }

    fn fields(
        &mut self,
        node: &Node,
        fields: &[Field],
        properties: &Map<String, Value>,
        required: &[&str],
        path: &Path,
    ) -> Value {
        let mut out = Map::new();
        let mut misspelt = Vec::new();
        let first = first_of_each(fields);
        for (position, field) in fields.iter().enumerate() {
            let here = path.then(&field.key);
            if self.is_duplicate(&first, field, position, &here) {
                continue;
            }
            let Some(schema) = properties.get(&field.key) else {
                misspelt.extend(self.unknown_field(field, properties, path));
                continue;
            };
            let must = required.contains(&field.key.as_str());
            if scalar::is_nothing(&field.value) {
                if must {
                    let hint = first_sentence(schema);
                    self.report(&field.span, &here, format!("`{}` has no value", field.key), hint);
                } else {
                    continue;
                }
            } else if let Some(value) = self.value(&field.value, schema, &here) {
                out.insert(field.key.clone(), value);
                continue;
            }
            self.replaced.push(here);
        }
        for name in required {
            if out.contains_key(*name) {
                continue;
            }
            let here = path.then(*name);
            let written = fields.iter().any(|field| field.key == **name);
            if !written && !misspelt.iter().any(|meant| meant == name) {
                let hint = properties.get(*name).and_then(first_sentence);
                self.report(&node.span, &here, format!("the field `{name}` is missing"), hint);
            }
            let stand_in = properties.get(*name).map(|schema| self.stand_in(schema));
            out.insert((*name).to_owned(), stand_in.unwrap_or(Value::Null));
            self.replaced.push(here);
        }
        // Serde would refuse a field that is null; what was misspelt counts as replaced, or its absence would be reported.
        self.replaced.extend(misspelt.iter().map(|name| path.then(name)));
        Value::Object(out)
    }

    /// Reports a field that the schema does not know, and says which it was probably meant to be.
    fn unknown_field(&mut self, field: &Field, properties: &Map<String, Value>, path: &Path) -> Option<String> {
        let names = || properties.keys().map(String::as_str);
        let meant = nearest::nearest(&field.key, names());
        let hint = if field.key == "<<" {
            Some("merge keys are not supported; write the fields out".to_owned())
        } else if path.0.is_empty() && meant.is_none() && self.is_of_spec(&field.key) {
            Some(format!("it belongs under `spec`: `spec.{}`", field.key))
        } else {
            nearest::hint(&field.key, names())
        };
        self.report(&field.span, &path.then(&field.key), format!("unknown field `{}`", field.key), hint);
        meant.map(str::to_owned)
    }

    fn is_of_spec(&self, key: &str) -> bool {
        self.schema.pointer("/$defs/Spec/properties").is_some_and(|properties| properties.get(key).is_some())
    }

    fn entries(&mut self, fields: &[Field], values: &Value, path: &Path) -> Value {
        let mut out = Map::new();
        let first = first_of_each(fields);
        for (position, field) in fields.iter().enumerate() {
            let here = path.then(&field.key);
            if self.is_duplicate(&first, field, position, &here) {
                continue;
            }
            if scalar::is_nothing(&field.value) && matches!(shape(self.schema, values), Shape::Struct { .. }) {
                out.insert(field.key.clone(), json!({}));
                continue;
            }
            match self.value(&field.value, values, &here) {
                Some(value) => {
                    out.insert(field.key.clone(), value);
                }
                None => self.replaced.push(here),
            }
        }
        Value::Object(out)
    }

    fn is_duplicate(&mut self, first: &First<'_>, field: &Field, position: usize, path: &Path) -> bool {
        let Some((_, first)) = first.get(field.key.as_str()).filter(|(earlier, _)| *earlier < position) else {
            return false;
        };
        let message = format!("the field `{}` is here twice", field.key);
        self.report(&field.span, path, message, Some(format!("it is on line {} already", first.span.line)));
        true
    }

    fn items(&mut self, node: &Node, nodes: &[std::rc::Rc<Node>], schema: &Value, least: u64, path: &Path) -> Option<Value> {
        if (nodes.len() as u64) < least {
            self.report(&node.span, path, "this list is empty".to_owned(), Some(format!("it needs at least {least}")));
            return None;
        }
        let mut out = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let here = path.then(index);
            let value = if scalar::is_nothing(node) {
                let hint = Some("write a value after the `-`, or remove the line".to_owned());
                self.report(&node.span, &here, "this item has no value".to_owned(), hint);
                None
            } else {
                self.value(node, schema, &here)
            };
            out.push(value.unwrap_or_else(|| {
                self.replaced.push(here);
                self.stand_in(schema)
            }));
        }
        Some(Value::Array(out))
    }

    fn scalar(&mut self, node: &Node, text: &str, plain: bool, shape: &Shape<'_>, path: &Path) -> Option<Value> {
        let scalar = scalar::resolve(text, plain);
        match (shape, &scalar) {
            (Shape::Choice(choices), _) => {
                if choices.iter().any(|choice| choice == text) {
                    return Some(Value::String(text.to_owned()));
                }
                let hint = nearest::hint(text, choices.iter().map(String::as_str));
                self.report(&node.span, path, format!("`{text}` is not known here"), hint);
                None
            }
            (Shape::Text { format, least }, _) => {
                let problem = if (text.chars().count() as u64) < *least {
                    Some(values::Problem::new("this text is empty"))
                } else {
                    format.and_then(|format| values::check(format, text).err())
                };
                let Some(problem) = problem else { return Some(Value::String(text.to_owned())) };
                let message = if text.is_empty() { problem.message } else { format!("`{text}`: {}", problem.message) };
                self.report(&node.span, path, message, problem.hint);
                None
            }
            (Shape::Flag, Scalar::Flag(flag)) => Some(Value::Bool(*flag)),
            (Shape::Number { least, most }, Scalar::Whole(number)) => {
                if (*least..=*most).contains(number) {
                    return Some(json!(number));
                }
                let hint = Some(format!("a whole number from {least} to {most}"));
                self.report(&node.span, path, format!("`{text}` is out of bounds"), hint);
                None
            }
            _ => {
                self.wrong_type(node, shape, path);
                None
            }
        }
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape<'_>, path: &Path) {
        let found = match &node.data {
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "fields".to_owned(),
            Data::Scalar { text, plain } => format!("{} `{text}`", scalar::resolve(text, *plain).what()),
        };
        let hint = match (shape, &node.data) {
            (Shape::List { .. }, Data::Map(_)) => Some("start each item with `- `".to_owned()),
            (Shape::List { .. }, Data::Scalar { text, .. }) => {
                Some(format!("write `[{text}]`, or `- {text}` on a line of its own"))
            }
            (Shape::Flag, Data::Scalar { text, .. }) => match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "true" => Some("write `true`".to_owned()),
                "no" | "off" | "n" | "false" => Some("write `false`".to_owned()),
                _ => Some("`true` or `false`".to_owned()),
            },
            (Shape::Number { .. }, Data::Scalar { text, plain: false }) if text.parse::<i64>().is_ok() => {
                Some(format!("write `{text}`, without quotes"))
            }
            (Shape::Number { least, most }, _) => Some(format!("a whole number from {least} to {most}")),
            (Shape::Struct { properties, .. }, _) => {
                let names: Vec<String> = properties.keys().map(|name| format!("`{name}`")).collect();
                Some(format!("its fields are {}", names.join(", ")))
            }
            (Shape::Map(_), _) => Some("`name: value`, one on each line".to_owned()),
            _ => None,
        };
        self.report(&node.span, path, format!("expected {}, found {found}", shape.what()), hint);
    }

    /// A value for which nothing is declared, as YAML's core schema reads it.
    fn free(&mut self, node: &Node, path: &Path) -> Value {
        match &node.data {
            Data::Scalar { text, plain } => scalar::resolve(text, *plain).into_json(text),
            Data::List(items) => {
                let values = items.iter().enumerate().map(|(index, item)| self.free(item, &path.then(index)));
                Value::Array(values.collect())
            }
            Data::Map(fields) => {
                let mut out = Map::new();
                let first = first_of_each(fields);
                for (position, field) in fields.iter().enumerate() {
                    let here = path.then(&field.key);
                    if !self.is_duplicate(&first, field, position, &here) {
                        let value = self.free(&field.value, &here);
                        out.insert(field.key.clone(), value);
                    }
                }
                Value::Object(out)
            }
        }
    }

    /// Something that the schema accepts.
    fn stand_in(&self, schema: &Value) -> Value {
        match shape(self.schema, schema) {
            Shape::Choice(choices) => choices.first().map_or(Value::Null, |choice| json!(choice)),
            Shape::Text { format, .. } => json!(values::placeholder(format.unwrap_or_default(), self.replaced.len() + 1)),
            Shape::Flag => json!(false),
            Shape::Number { least, .. } => json!(least),
            Shape::List { .. } => json!([]),
            Shape::Map(_) => json!({}),
            Shape::Any => Value::Null,
            Shape::Struct { properties, required } => {
                let field = |name: &&str| Some(((*name).to_owned(), self.stand_in(properties.get(*name)?)));
                Value::Object(required.iter().filter_map(field).collect())
            }
        }
    }

    fn report(&mut self, span: &Span, path: &Path, message: String, hint: Option<String>) {
        let place = (span.line, span.column);
        self.diagnostics.push(self.source.diagnostic(place, path.to_string(), &span.text, message, hint));
    }
}

/// The first field of each name, with its position.
type First<'a> = HashMap<&'a str, (usize, &'a Field)>;

fn first_of_each(fields: &[Field]) -> First<'_> {
    let mut first = HashMap::new();
    for (position, field) in fields.iter().enumerate() {
        first.entry(field.key.as_str()).or_insert((position, field));
    }
    first
}

/// What a field means, in short: the first sentence of its description.
fn first_sentence(schema: &Value) -> Option<String> {
    let text = schema.get("description")?.as_str()?;
    let sentence = text.split(". ").next().unwrap_or(text).split(['\n']).next().unwrap_or(text);
    let sentence = sentence.trim_end_matches('.');
    // A message starts in lower case, unless with a name such as SSH.
    let mut chars = sentence.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => Some(first.to_lowercase().chain(chars).collect()),
        _ => Some(sentence.to_owned()),
    }
}
