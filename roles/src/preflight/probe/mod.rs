//! What a server answered to the preflight script.

mod apt;
mod clock;
mod disk;
mod foreign;
mod hardware;
mod health;
mod identity;
mod network;
mod pair;
mod system;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use apt::{Apt, AptSource};
pub use clock::Clock;
pub use disk::{Disk, WriteTest};
pub use foreign::Foreign;
pub use hardware::Hardware;
pub use health::{Array, Health, Smart};
pub use identity::Identity;
pub use network::{Network, Nic};
pub use pair::{Pair, Pings};
pub use system::{FileSystemUse, System};

/// Everything that a server answered. What it did not say is empty, zero or `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostProbe {
    /// The operating system and its state.
    pub system: System,
    /// The names by which the host is told from others.
    pub identity: Identity,
    /// Processors, memory and what the kernel offers.
    pub hardware: Hardware,
    /// The time, and who sets it.
    pub clock: Clock,
    /// The interfaces, routes, resolvers.
    pub network: Network,
    /// The disks of the inventory, by device path.
    pub disks: BTreeMap<String, Disk>,
    /// What disks and arrays say of themselves.
    pub health: Health,
    /// How long writes take.
    pub writes: WriteTest,
    /// Packages and where they come from.
    pub apt: Apt,
    /// What others run or left there.
    pub foreign: Foreign,
    /// The way to the other servers over the vrack, by name.
    pub pairs: BTreeMap<String, Pair>,
    /// The resources that the ledger says are ours, such as `package:chrony`.
    pub ours: Vec<String>,
    /// Lines that were printed before the answer, by a chatty shell start-up file.
    pub noise: Vec<String>,
    /// Rows of the answer that this version does not understand.
    pub unread: Vec<String>,
}

impl HostProbe {
    /// Reads what the script printed.
    ///
    /// # Errors
    /// A message, if the beginning or the end of the answer is missing.
    pub fn read(stdout: &str) -> Result<Self, String> {
        let mut probe = Self::default();
        let (mut begun, mut ended) = (false, false);
        for line in stdout.lines() {
            let mut parts = line.splitn(3, '\t');
            let (Some(name), Some(field), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
                if !line.trim().is_empty() {
                    probe.noise.push(line.to_owned());
                }
                continue;
            };
            match (name, field) {
                ("preflight", "begin") => begun = true,
                ("preflight", "end") => ended = true,
                _ if !begun => probe.noise.push(line.to_owned()),
                _ if probe.take(name, field, value.trim()) => {}
                _ => probe.unread.push(line.to_owned()),
            }
        }
        let last = || stdout.lines().last().unwrap_or("nothing").replace('\t', " ");
        match (begun, ended) {
            (true, true) => Ok(probe),
            (false, _) => Err(format!("the preflight script did not start; the host said: {}", last())),
            (true, false) => Err(format!("the preflight script was cut off after: {}", last())),
        }
    }

    /// Keeps one row; false if it is not understood. An empty value means that the host does not know.
    fn take(&mut self, name: &str, field: &str, value: &str) -> bool {
        let (group, key) = name.split_once(':').unwrap_or((name, ""));
        if value.is_empty() {
            return true;
        }
        match group {
            "system" | "fs" => self.system.take(key, field, value),
            "identity" => self.identity.take(field, value),
            "hardware" => self.hardware.take(field, value),
            "clock" => self.clock.take(field, value),
            "net" => self.network.take(field, value),
            "nic" => self.network.nics.entry(key.to_owned()).or_default().take(field, value),
            "dns" => put(&mut self.network.dns, key, yes(value)),
            "disk" => self.disks.entry(key.to_owned()).or_default().take(field, value),
            "smart" => field == "json" && self.health.smart(key, value),
            "arrays" => field == "mdstat" && self.health.mdstat(value),
            "writes" => self.writes.take(field, value),
            "apt" => self.apt.take(field, value),
            "source" => self.apt.sources.entry(key.to_owned()).or_default().take(field, value),
            "foreign" => self.foreign.take(field, value),
            "port" => self.foreign.listen(key, value),
            "pair" => self.pairs.entry(key.to_owned()).or_default().take(field, value),
            "ours" => push(&mut self.ours, value),
            _ => false,
        }
    }

    /// True if the ledger says that this resource is ours.
    pub fn owns(&self, id: &str) -> bool {
        self.ours.iter().any(|own| own == id)
    }

    /// True if the ledger has a resource of any kind with this name.
    pub fn owns_name(&self, name: &str) -> bool {
        self.ours.iter().any(|own| own.split_once(':').is_some_and(|(_, own)| own == name))
    }
}

/// Keeps a text.
fn text(field: &mut String, value: &str) -> bool {
    value.clone_into(field);
    true
}

/// Keeps a number; false if it is none.
fn number<T: std::str::FromStr>(field: &mut T, value: &str) -> bool {
    value.parse().map(|number| *field = number).is_ok()
}

/// Keeps a number that may be unknown; false if it is none.
fn maybe<T: std::str::FromStr>(field: &mut Option<T>, value: &str) -> bool {
    value.parse().map(|number| *field = Some(number)).is_ok()
}

/// Adds a text.
fn push(list: &mut Vec<String>, value: &str) -> bool {
    list.push(value.to_owned());
    true
}

/// Sets an entry.
fn put<T>(map: &mut BTreeMap<String, T>, key: &str, value: T) -> bool {
    map.insert(key.to_owned(), value);
    true
}

fn yes(value: &str) -> bool {
    value == "yes"
}

/// Keeps a yes or no.
fn flag(field: &mut bool, value: &str) -> bool {
    *field = yes(value);
    matches!(value, "yes" | "no")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_from_the_answer() {
        let text = "welcome!\na\tb\tc\npreflight\tbegin\t1\nsystem\tid\tdebian\nsystem\tnew-thing\t1\npreflight\tend\t1\n";
        let probe = HostProbe::read(text).unwrap();
        assert_eq!(probe.system.id, "debian");
        assert_eq!(probe.noise, ["welcome!", "a\tb\tc"]);
        assert_eq!(probe.unread, ["system\tnew-thing\t1"]);
    }

    #[test]
    fn half_an_answer_is_none() {
        assert!(HostProbe::read("").unwrap_err().contains("did not start"));
        let cut = HostProbe::read("preflight\tbegin\t1\nsystem\tid\tdebian\n").unwrap_err();
        assert_eq!(cut, "the preflight script was cut off after: system id debian");
    }
}
