//! What a text without quotes is: YAML 1.2's core schema.

use serde_json::{Value, json};

use super::tree::{Data, Node};

/// What a text is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Nothing,
    Flag(bool),
    Whole(i64),
    Fraction(f64),
    Text,
}

impl Scalar {
    /// What it is, in words.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "a boolean",
            Self::Whole(_) => "a number",
            Self::Fraction(_) => "a fraction",
            Self::Text => "a text",
        }
    }

    /// The value, as JSON has it.
    pub(crate) fn into_json(self, text: &str) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Flag(flag) => json!(flag),
            Self::Whole(number) => json!(number),
            Self::Fraction(number) => json!(number),
            Self::Text => json!(text),
        }
    }
}

/// What a text is; one with quotes is always a text.
pub(crate) fn resolve(text: &str, plain: bool) -> Scalar {
    if !plain {
        return Scalar::Text;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Nothing,
        "true" | "True" | "TRUE" => return Scalar::Flag(true),
        "false" | "False" | "FALSE" => return Scalar::Flag(false),
        _ => {}
    }
    if let Some(number) = whole(text) {
        return Scalar::Whole(number);
    }
    let numeric = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse::<f64>() {
        Ok(number) if numeric && number.is_finite() => Scalar::Fraction(number),
        _ => Scalar::Text,
    }
}

fn whole(text: &str) -> Option<i64> {
    match text.get(..2) {
        Some("0x") => i64::from_str_radix(&text[2..], 16).ok(),
        Some("0o") => i64::from_str_radix(&text[2..], 8).ok(),
        _ => text.parse().ok(),
    }
}

/// Whether a node says nothing: `field:` with nothing after it.
pub(crate) fn is_nothing(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar { text, plain } if resolve(text, *plain) == Scalar::Nothing)
}
