//! Findings of the lint and of preflight checks, and notes.

use regionctl_plan::{Finding, Severity, forbidden};

use super::clean::clean;
use super::style::Style;
use super::words::list;

/// The findings, errors last so that they are next to the question; each with its hint.
pub fn render(findings: &[Finding], allowed: &[String], style: &Style) -> String {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.severity);
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in sorted {
        let same = |group: &&mut Vec<&Finding>| group.first().is_some_and(|first| says_the_same(first, finding));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    let mut said = String::new();
    for (i, group) in groups.iter().enumerate() {
        let hint = |group: Option<&Vec<&Finding>>| group?.first()?.hint.clone();
        // A hint that the next one shares is given once.
        let last = hint(Some(group)) != hint(groups.get(i + 1));
        said += &one(group, last, allowed, style);
    }
    said + &in_spite(findings, allowed, style)
}

/// Nothing goes on with a server that is not reached, least of all with one that shows a key which was revoked.
const NOT_TO_ALLOW: &str = "host-answers";

/// How to go on in spite of the errors, once for all of them.
fn in_spite(findings: &[Finding], allowed: &[String], style: &Style) -> String {
    let errors = forbidden(findings, allowed).into_iter().filter(|finding| finding.name != NOT_TO_ALLOW);
    let mut flags: Vec<_> = errors.map(|finding| format!("--allow {}", clean(&finding.name))).collect();
    flags.sort();
    flags.dedup();
    if flags.is_empty() {
        return String::new();
    }
    hint_line(&format!("mend that, or go on in spite of it with `{}`, which is recorded", flags.join(" ")), style)
}

/// True if two findings differ in their host only.
fn says_the_same(a: &Finding, b: &Finding) -> bool {
    let host = a.host.is_some() == b.host.is_some();
    host && (&a.name, a.severity, &a.message, &a.hint) == (&b.name, b.severity, &b.message, &b.hint)
}

/// One finding, on the hosts that have it.
fn one(group: &[&Finding], with_hint: bool, allowed: &[String], style: &Style) -> String {
    let Some(finding) = group.first() else { return String::new() };
    let waived = finding.severity == Severity::Error && allowed.contains(&finding.name);
    let (word, colour) = match finding.severity {
        Severity::Error if waived => ("allowed", style.warning),
        Severity::Error => ("error", style.error),
        Severity::Warning => ("warning", style.warning),
    };
    let hosts: Vec<_> = group.iter().filter_map(|finding| finding.host.as_deref().map(clean)).collect();
    let on = if hosts.is_empty() { String::new() } else { format!(" on {}", list(&hosts, 8)) };
    let head = style.paint(colour, format!("{word}: {}{on}:", clean(&finding.name)));
    let hint = finding.hint.as_ref().filter(|_| with_hint).map(|hint| hint_line(hint, style));
    format!("{head} {}\n{}", clean(&finding.message), hint.unwrap_or_default())
}

/// `  hint: …`, ended.
pub fn hint_line(hint: &str, style: &Style) -> String {
    format!("  {} {}\n", style.paint(style.hint, "hint:"), clean(hint))
}

/// What the plan leaves out.
pub fn notes(notes: &[String], style: &Style) -> String {
    notes.iter().map(|note| format!("{} {}\n", style.paint(style.head, "note:"), clean(note))).collect()
}
