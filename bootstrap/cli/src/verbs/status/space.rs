//! File systems that are nearly full.

use std::collections::BTreeSet;

use regionctl_inventory::{Region, Size};
use regionctl_plan::quote;
use serde::Serialize;

use super::Section;
use super::look::Answers;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};

/// From how much on it is told, in percent.
const NEARLY: u64 = 85;
/// From how much on it is as good as full, in percent.
const FULL: u64 = 95;

/// What every host has, besides bricks and volumes.
const COMMON: [&str; 4] = ["/", "/boot", "/var", "/var/lib/regionctl"];

/// What is nearly full.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Space(Vec<Filling>);

/// A file system that is nearly full.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Filling {
    host: String,
    /// Where it is mounted.
    path: String,
    /// What runs out.
    what: Of,
    /// In percent of what users can have.
    used: u64,
    /// In bytes, or a number.
    left: u64,
}

/// What a file system has only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    Bytes,
    Inodes,
}

/// All at once, since one that hangs must not hold the others up. Two places on one file system are one row.
pub fn script(region: &Region, host: &str) -> Option<String> {
    let server = region.server(host)?;
    let bricks = region.bricks().map(|(_, place)| place).filter(|place| place.server.name == server.name);
    let mounts = region.volumes().iter().flat_map(|volume| &volume.mounts);
    let mounts = mounts.filter(|mount| mount.targets(region).iter().any(|target| target.name == server.name));
    let mut places: BTreeSet<String> = COMMON.map(str::to_owned).into();
    places.extend(bricks.map(|place| place.mount_point));
    places.extend(mounts.map(|mount| mount.path.to_string()));
    Some(asked(&places.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn asked(places: &[&str]) -> String {
    let places: Vec<_> = places.iter().map(|place| quote(place)).collect();
    format!(
        "for place in {}; do\n  timeout -k 1 5 df -B1 --output=used,avail,iused,iavail,target -- \"$place\" 2>/dev/null | tail -n +2 &\ndone | \
         while read -r used left iused ileft place; do row \"space:$place\" used \"$used $left $iused $ileft\"; done\n",
        places.join(" ")
    )
}

/// Of the servers that answered.
pub fn section(region: &Region, answers: &Answers) -> Space {
    let of = |host: &str| {
        let text = answers.text(host).unwrap_or_default();
        read(host, text)
    };
    Space(region.servers().iter().flat_map(|server| of(server.name.as_str())).collect())
}

fn read(host: &str, text: &str) -> Vec<Filling> {
    let rows: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("space:")?.split_once("\tused\t")).collect();
    let filling = |(path, numbers): (&str, &str)| {
        let numbers: Vec<u64> = numbers.split(' ').map(|n| n.parse().unwrap_or_default()).collect();
        let both = [Of::Bytes, Of::Inodes].into_iter().zip(numbers.chunks_exact(2));
        let filling = both.filter_map(|(what, pair)| {
            // A file system without a fixed number of inodes has none at all.
            let used = pair[0].saturating_mul(100).div_ceil(pair[0].saturating_add(pair[1]).max(1));
            let one = Filling { host: host.to_owned(), path: path.to_owned(), what, used, left: pair[1] };
            (used >= NEARLY).then_some(one)
        });
        filling.collect::<Vec<_>>()
    };
    rows.into_iter().flat_map(filling).collect()
}

impl Section for Space {
    fn is_well(&self) -> bool {
        self.0.is_empty()
    }

    fn text(&self, style: &Style) -> String {
        if self.is_well() {
            return String::new();
        }
        let mut table = Table::new(["space", "file system", "used", "left", "state"]);
        for one in &self.0 {
            let left = match one.what {
                Of::Bytes => Size::shown(one.left).to_string(),
                Of::Inodes => format!("{} inodes", one.left),
            };
            let full = one.used >= FULL;
            let state = if full { Cell::new(style.error, "full") } else { Cell::new(style.warning, "nearly full") };
            table.row([clean(&one.host).into(), clean(&one.path).into(), format!("{} %", one.used).into(), left.into(), state]);
        }
        let hint = "make room: a full brick stops being served, and a full system disk stops everything else";
        table.render(style) + &hint_line(hint, style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nearly_full_is_told_and_each_once() {
        let text = "space:/\tused\t84 16 10 90\nspace:/srv/data\tused\t99 1 10 90\nspace:/srv/data\tused\t99 1 10 90\n\
                    space:/boot\tused\t1 99 851 149\nspace:/btrfs\tused\t1 99 0 0\nother\tused\t99 1 0 0\n";
        let read = read("a", text);
        let told: Vec<_> = read.iter().map(|one| (one.path.as_str(), one.what, one.used, one.left)).collect();
        assert_eq!(told, [("/boot", Of::Inodes, 86, 149), ("/srv/data", Of::Bytes, 99, 1)]);
        let space = Space(read);
        assert!(!space.is_well());
        let text = space.text(&Style::plain());
        let row = |path: &str| text.lines().find(|line| line.contains(path)).unwrap_or_default().to_owned();
        assert!(
            row("/boot").contains("86 %") && row("/boot").contains("149 inodes") && row("/boot").ends_with("nearly full"),
            "{text}"
        );
        assert!(row("/srv/data").contains("99 %") && row("/srv/data").ends_with(" full"), "{text}");
        assert_eq!(Space(super::read("a", "space:/\tused\t84 16 10 90\n")).text(&Style::plain()), "");
    }

    #[test]
    fn what_every_file_system_is_asked_for_can_be_read() {
        let script = format!("row() {{ printf '%s\\t%s\\t%s\\n' \"$1\" \"$2\" \"$3\"; }}\n{}", asked(&["/", "/nowhere"]));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert_eq!(text.trim_end().rsplit('\t').next().unwrap().split(' ').count(), 4, "{text}");
    }
}
