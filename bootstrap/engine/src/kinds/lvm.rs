//! Shell and rows that the kinds of LVM share.

/// `reported TOOL ARGUMENT…` prints what `pvs`, `vgs` or `lvs` report, in bytes and without blanks. LVM is told not to complain of
/// files that its caller left open.
pub const LVM: &str = r#"
export LVM_SUPPRESS_FD_WARNINGS=1
reported() { _tool=$1; shift; "$_tool" --noheadings --nosuffix --units b "$@" 2>/dev/null | tr -d ' '; }
"#;
