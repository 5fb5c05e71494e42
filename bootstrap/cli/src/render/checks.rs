//! The result of named checks.

use regionctl_plan::{Finding, Severity};

use super::findings;
use super::style::Style;
use super::table::{Cell, Table};
use super::words::count;

/// A named check and what it came to.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// The stable name, as `--allow` takes it.
    pub name: &'a str,
    /// What it wants, in one line.
    pub about: &'a str,
    /// What is not so.
    pub findings: &'a [Finding],
    /// Hosts that are as they should be.
    pub passed: usize,
}

/// Every finding, errors last, and a line with the count; with `full` every check, those that passed too. Each line ended.
pub fn render(checks: &[Check<'_>], hosts: usize, allowed: &[String], full: bool, style: &Style) -> String {
    let mut out = String::new();
    if full {
        out += &table(checks, allowed, style);
    }
    let findings: Vec<Finding> = checks.iter().flat_map(|check| check.findings).cloned().collect();
    let said = findings::render(&findings, allowed, style);
    for part in [said, String::new()] {
        let between = if out.is_empty() || out.ends_with("\n\n") { "" } else { "\n" };
        out += &format!("{between}{part}");
    }
    let of = |wanted: Severity| findings.iter().filter(move |finding| finding.severity == wanted);
    let waived = of(Severity::Error).filter(|finding| allowed.contains(&finding.name)).count();
    let errors = of(Severity::Error).count() - waived;
    let mut parts = vec![
        if errors > 0 { style.paint(style.error, count(errors, "error")) } else { style.paint(style.good, "no errors") },
        count(of(Severity::Warning).count(), "warning"),
    ];
    if waived > 0 {
        parts.push(format!("{waived} allowed"));
    }
    let head = style.paint(style.head, "preflight:");
    out += &format!("{head} {} on {}: {}\n", count(checks.len(), "check"), count(hosts, "host"), parts.join(", "));
    out
}

fn table(checks: &[Check<'_>], allowed: &[String], style: &Style) -> String {
    let mut table = Table::new(["check", "result", "passed on", "what it wants"]);
    for check in checks {
        let worst = check.findings.iter().map(|finding| finding.severity).max();
        let waived = check.findings.iter().any(|finding| allowed.contains(&finding.name));
        let result = match worst {
            None => Cell::new(style.good, "ok"),
            Some(Severity::Warning) => Cell::new(style.warning, "warning"),
            Some(Severity::Error) if waived => Cell::new(style.warning, "allowed"),
            Some(Severity::Error) => Cell::new(style.error, "error"),
        };
        table.row([check.name.into(), result, check.passed.to_string().into(), check.about.into()]);
    }
    table.render(style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::golden;

    fn findings() -> [Vec<Finding>; 3] {
        let disk = Finding::new("disk-empty", Severity::Error, "/dev/vdb holds an ext4 file system").on("storage-1");
        let swap = Finding::new("swap-off", Severity::Warning, "2 GiB of swap are on").on("compute-1").hint("`swapoff -a`");
        [vec![disk.hint("`lsblk -f` shows it")], vec![swap], vec![]]
    }

    fn checks(findings: &[Vec<Finding>; 3]) -> [Check<'_>; 3] {
        let [disk, swap, sudo] = findings;
        [
            Check { name: "disk-empty", about: "data disks hold nothing", findings: disk, passed: 1 },
            Check { name: "swap-off", about: "swap is off", findings: swap, passed: 1 },
            Check { name: "sudo", about: "commands run as root", findings: sudo, passed: 2 },
        ]
    }

    #[test]
    fn findings_and_a_count() {
        let findings = findings();
        golden::check("render/checks", &render(&checks(&findings), 2, &[], false, &Style::plain()));
    }

    #[test]
    fn every_check() {
        let findings = findings();
        golden::check("render/checks-full", &render(&checks(&findings), 2, &["disk-empty".to_owned()], true, &Style::plain()));
    }

    #[test]
    fn nothing_found() {
        assert_eq!(render(&[], 1, &[], false, &Style::plain()), "preflight: 0 checks on 1 host: no errors, 0 warnings\n");
    }
}
