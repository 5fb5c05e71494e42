//! An nftables table of our own: its rules in a file, loaded at boot by a unit, and compared with what the kernel has.

use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_plan::Resource;

use crate::template::fill;

/// A table, such as `inet regionctl`.
pub struct Table<'a> {
    /// In a few words, such as `the packet filter`.
    pub what: &'a str,
    /// The name of the file and the unit, such as `firewall`.
    pub name: &'a str,
    /// Family and name of the table.
    pub table: &'a str,
    /// What the file says; it replaces the table in one step.
    pub rules: String,
}

impl Table<'_> {
    /// The rules' file.
    pub fn file(&self) -> String {
        format!("/etc/regionctl/{}.nft", self.name)
    }

    /// The rules, first; then what loads and compares them.
    pub fn resources(&self) -> [Resource; 4] {
        let (file, unit) = (self.file(), format!("regionctl-{}.service", self.name));
        let service = format!("/etc/systemd/system/{unit}");
        let values = [("what", self.what), ("file", file.as_str()), ("table", self.table)];
        let text = fill(include_str!("templates/table.service"), &values);
        [
            want::file(&file, self.rules.as_str()).mode("0600").param("check", "nft -c -f \"$tmp\"").may_cut(),
            want::file(&service, text).may_cut(),
            want::unit(&unit).enabled().active().config([file.as_str(), service.as_str()]).reload().may_cut(),
            self.loaded().may_cut(),
        ]
    }

    /// The kernel's table is compared with what the file alone makes, in a network namespace for the purpose: nft prints both.
    fn loaded(&self) -> Resource {
        let (file, table) = (self.file(), self.table);
        let same = format!(
            r#"now=$(nft -s list table {table}) && [ "$now" = "$(unshare --net sh -c 'nft -f {file} && nft -s list table {table}')" ]"#
        );
        let command = want::Command {
            run: &format!("nft -f {file}"),
            check: &same,
            guard: ":",
            undo: Undo::Run(&format!("! nft list table {table} >/dev/null 2>&1 || nft delete table {table}")),
        };
        want::command(&format!("{} is as its file says", self.what), command)
    }
}
