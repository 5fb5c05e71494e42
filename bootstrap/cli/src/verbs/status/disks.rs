//! Disks and arrays that are not well.

use regionctl_inventory::Region;
use regionctl_roles::preflight::{HostProbe, ailments, disks_script};
use serde::Serialize;

use super::Section;
use super::look::Answers;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;

/// Those that are not well.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Disks(Vec<Ailing>);

/// A disk or an array that is not well.
#[derive(Debug, Serialize)]
struct Ailing {
    /// Its server.
    host: String,
    /// The data disk's name in the inventory, if it is one.
    disk: Option<String>,
    /// What is wrong.
    message: String,
}

/// Asks for the data disks, the health of all disks, and the arrays.
pub fn script(region: &Region, host: &str) -> Option<String> {
    region.server(host).map(disks_script)
}

/// Of the servers that answered.
pub fn section(region: &Region, answers: &Answers) -> Disks {
    let ailing = region.servers().iter().filter_map(|server| {
        let host = server.name.to_string();
        let probe = HostProbe::read(answers.text(&host)?);
        let all = probe.map(|probe| ailments(server, &probe).into_iter().map(|one| (one.disk, one.message)).collect());
        let all: Vec<_> = all.unwrap_or_else(|message| vec![(None, message)]);
        Some(all.into_iter().map(move |(disk, message)| Ailing { host: host.clone(), disk, message }))
    });
    Disks(ailing.flatten().collect())
}

impl Section for Disks {
    fn is_well(&self) -> bool {
        self.0.is_empty()
    }

    /// A line each; nothing if all are well.
    fn text(&self, style: &Style) -> String {
        let line = |one: &Ailing| {
            let name = one.disk.as_ref().map_or_else(|| clean(&one.host), |disk| format!("{}:{}", clean(&one.host), clean(disk)));
            format!("{} {name}: {}\n", style.paint(style.error, "disk"), clean(&one.message))
        };
        let lines: String = self.0.iter().map(line).collect();
        let hint = "once a new disk is in, `regionctl disk replace SERVER:DISK` gets its bricks back";
        let is_ours = self.0.iter().any(|one| one.disk.is_some());
        lines + &if is_ours { hint_line(hint, style) } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ails_is_told() {
        assert_eq!(Disks(Vec::new()).text(&Style::plain()), "");
        let ailing = |disk: Option<&str>, message: &str| Ailing {
            host: "a".into(),
            disk: disk.map(str::to_owned),
            message: message.into(),
        };
        let some = Disks(vec![ailing(Some("data"), "there is no `/dev/sdb`"), ailing(None, "the array `md0` does not run")]);
        assert!(!some.is_well());
        let text = some.text(&Style::plain());
        assert!(
            text.starts_with("disk a:data: there is no `/dev/sdb`\ndisk a: the array `md0` does not run\n  hint: once"),
            "{text}"
        );
    }
}
