//! The table of checks for the docs.

use regionctl_plan::Severity;

use super::CHECKS;

/// All checks as a Markdown table, in the order of [`CHECKS`].
pub fn reference() -> String {
    let mut table = String::from("| check | about | level | what it wants |\n|---|---|---|---|\n");
    for check in CHECKS {
        let level = match check.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        table += &format!("| `{}` | {} | {level} | {} |\n", check.name, check.theme, check.about);
    }
    table
}
