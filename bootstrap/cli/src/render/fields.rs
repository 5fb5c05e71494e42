//! The fields of one change, from before to after.

use regionctl_plan::{Action, Change};
use serde_json::Value;

use super::clean::clean;
use super::diff;
use super::style::Style;
use super::words::{count, list};

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub struct Detail {
    /// Lines of a text that comes or goes whole.
    pub whole: usize,
    /// Lines of a text's difference.
    pub diff: usize,
    /// Items of a list.
    pub items: usize,
}

impl Detail {
    /// What fits a screen.
    pub const SHORT: Self = Self { whole: 6, diff: 40, items: 6 };
    /// Everything: `-v`.
    pub const FULL: Self = Self { whole: usize::MAX, diff: usize::MAX, items: usize::MAX };
}

/// What is said of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Fields that fit beside the name together, such as `mode: 0600 → 0644`.
    pub short: Vec<String>,
    /// Fields that need lines of their own, not indented.
    pub lines: Vec<String>,
}

/// What is said of a change under its name.
pub fn render(change: &Change, detail: &Detail, style: &Style) -> Body {
    if change.action == Action::Return && change.after().is_none() {
        let short = style.paint(style.dim, "was not there before regionctl");
        return Body { short: vec![short], lines: Vec::new() };
    }
    let (mut short, mut lines) = (Vec::new(), Vec::new());
    let access = access(change);
    short.extend(access.iter().map(|access| style.paint(style.dim, access)));
    for field in change.fields() {
        if access.is_some() && ACCESS.contains(&field.field) {
            continue;
        }
        match (field.before, field.after) {
            (None, Some(Value::String(text))) if text.contains('\n') => {
                lines.push(format!("{}: {}", clean(field.field), count(text.lines().count(), "line")));
                lines.extend(indented(diff::whole('+', text, detail.whole, style)));
            }
            (Some(Value::String(text)), None) if text.contains('\n') => {
                let text = format!("{} of {}", clean(field.field), count(text.lines().count(), "line"));
                short.push(style.paint(style.dim, text));
            }
            (None, Some(value)) | (Some(value), None) if change.before.is_none() || change.after().is_none() => {
                short.push(style.paint(style.dim, format!("{} {}", clean(field.field), inline(value, detail))));
            }
            (before, after) => match differing(field.field, before, after, detail, style) {
                one if one.len() == 1 => short.extend(one),
                several => lines.extend(several),
            },
        }
    }
    lines.extend(foreign(change, detail));
    Body { short, lines }
}

/// The fields that [`access`] says in one.
const ACCESS: [&str; 3] = ["mode", "owner", "group"];

/// `0644 root:root` of a thing that comes or goes whole.
fn access(change: &Change) -> Option<String> {
    let fields = match (&change.before, change.after()) {
        (None, Some(fields)) | (Some(fields), None) => fields,
        _ => return None,
    };
    let [mode, owner, group] = ACCESS.map(|field| fields.get(field).and_then(Value::as_str).map(clean));
    Some(format!("{} {}:{}", mode?, owner?, group?))
}

/// What stands in the place of the wanted thing and is of another sort, such as a folder where a file is wanted.
fn foreign(change: &Change, detail: &Detail) -> Option<String> {
    let (before, after) = (change.before.as_ref()?, change.after()?);
    let another = !before.is_empty() && !before.keys().any(|field| after.contains_key(field));
    let shown: Vec<_> = before.iter().map(|(field, value)| format!("{} {}", clean(field), inline(value, detail))).collect();
    another.then(|| format!("there is now: {}", shown.join(", ")))
}

/// One field that has another value.
fn differing(name: &str, before: Option<&Value>, after: Option<&Value>, detail: &Detail, style: &Style) -> Vec<String> {
    let name = clean(name);
    match (before, after) {
        (Some(Value::String(before)), Some(Value::String(after))) if before.contains('\n') || after.contains('\n') => {
            let head = format!("{name}:");
            std::iter::once(head).chain(indented(diff::unified(before, after, detail.diff, style))).collect()
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) if before.len() + after.len() > 2 => {
            items(&name, before, after, detail, style)
        }
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
            keys.sort();
            keys.dedup();
            let differs = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
            differs.flat_map(|key| differing(&format!("{name}.{key}"), before.get(key), after.get(key), detail, style)).collect()
        }
        _ => {
            let side = |value: Option<&Value>| value.map_or_else(|| "(none)".to_owned(), |value| inline(value, detail));
            let (before, after) = (side(before), side(after));
            if before.chars().count() + after.chars().count() <= 90 {
                return vec![format!("{name}: {} → {}", style.paint(style.remove, before), style.paint(style.create, after))];
            }
            let minus = style.paint(style.remove, format!("- {before}"));
            let plus = style.paint(style.create, format!("+ {after}"));
            vec![format!("{name}:"), format!("  {minus}"), format!("  {plus}")]
        }
    }
}

/// The items that a list gains and loses.
fn items(name: &str, before: &[Value], after: &[Value], detail: &Detail, style: &Style) -> Vec<String> {
    let only = |these: &[Value], those: &[Value]| -> Vec<String> {
        these.iter().filter(|item| !those.contains(item)).map(|item| inline(item, detail)).collect()
    };
    let (gone, new) = (only(before, after), only(after, before));
    let kept = after.iter().filter(|item| before.contains(item)).count();
    if gone.is_empty() && new.is_empty() {
        let all = |values: &[Value]| list(&values.iter().map(|item| inline(item, detail)).collect::<Vec<_>>(), detail.items);
        return vec![format!("{name}: the same items in another order: {}", all(after))];
    }
    let mut lines = vec![format!("{name}: {}", style.paint(style.dim, format!("{kept} unchanged")))];
    if !gone.is_empty() {
        lines.push(format!("  {}", style.paint(style.remove, format!("- {}", list(&gone, detail.items)))));
    }
    if !new.is_empty() {
        lines.push(format!("  {}", style.paint(style.create, format!("+ {}", list(&new, detail.items)))));
    }
    lines
}

/// A value on one line.
pub fn inline(value: &Value, detail: &Detail) -> String {
    match value {
        Value::String(text) => inline_text(text),
        Value::Array(values) => {
            let items: Vec<_> = values.iter().map(|item| inline(item, detail)).collect();
            format!("[{}]", list(&items, detail.items))
        }
        Value::Object(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, item)| format!("{}: {}", clean(key), inline(item, detail))).collect();
            format!("{{{}}}", list(&entries, detail.items))
        }
        Value::Null => "(none)".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
    }
}

/// A text on one line: quoted where blanks would be lost, digests cut to what people compare.
fn inline_text(text: &str) -> String {
    if let Some(digest) = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.is_ascii()) {
        return format!("sha256:{}…", &digest[..12]);
    }
    let shown = clean(text);
    if text.is_empty() || text.trim() != text { format!("\"{shown}\"") } else { shown }
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}
