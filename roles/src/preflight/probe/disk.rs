//! The disks of the inventory, and how long a write takes.

use serde::{Deserialize, Serialize};

use super::{flag, number, push, text};

/// A disk of the inventory, as the host sees it. All fields are empty if there is nothing at its path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disk {
    /// `block` for a block device, `other` for something else, `none` if there is nothing.
    pub kind: String,
    /// Where the path leads, with links followed.
    pub target: String,
    /// Its device number, `major:minor`: the same for two names of one device.
    pub number: String,
    /// What its maker calls it, where the kernel knows.
    pub model: String,
    /// Its serial number, where udev knows.
    pub serial: String,
    /// In bytes.
    pub bytes: u64,
    /// True if the kernel refuses to write to it.
    pub read_only: bool,
    /// True if its first bytes can be read.
    pub readable: bool,
    /// What `blkid --probe` recognises on it: `xfs`, `LVM2_member`, `gpt`, …
    pub signatures: Vec<String>,
    /// The label of that.
    pub label: String,
    /// Its partitions.
    pub partitions: Vec<String>,
    /// Where it or one of its partitions is mounted.
    pub mounts: Vec<String>,
    /// What the kernel made on it or on one of its partitions, such as `dm-0`.
    pub holders: Vec<String>,
    /// True if it or one of its partitions is swap in use.
    pub swap: bool,
}

impl Disk {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "kind" => text(&mut self.kind, value),
            "target" => text(&mut self.target, value),
            "number" => text(&mut self.number, value),
            "model" => text(&mut self.model, value),
            "serial" => text(&mut self.serial, value),
            "bytes" => number(&mut self.bytes, value),
            "read-only" => flag(&mut self.read_only, value),
            "readable" => flag(&mut self.readable, value),
            "signature" => push(&mut self.signatures, value),
            "label" => text(&mut self.label, value),
            "partition" => push(&mut self.partitions, value),
            "mount" => push(&mut self.mounts, value),
            "holder" => push(&mut self.holders, value),
            "swap" => flag(&mut self.swap, value),
            _ => false,
        }
    }
}

/// Small writes to the file system of /var/lib, each synced before the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WriteTest {
    /// How long each took, in milliseconds.
    pub millis: Vec<f64>,
    /// Why there are none.
    pub error: String,
}

impl WriteTest {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "seconds" => value.split(' ').all(|seconds| match seconds.parse::<f64>() {
                Ok(seconds) => {
                    self.millis.push(seconds * 1000.0);
                    true
                }
                Err(_) => false,
            }),
            "error" => text(&mut self.error, value),
            _ => false,
        }
    }

    /// The mean, in milliseconds.
    pub fn average(&self) -> Option<f64> {
        let count = u32::try_from(self.millis.len()).ok().filter(|count| *count > 0)?;
        Some(self.millis.iter().sum::<f64>() / f64::from(count))
    }

    /// What 99 of 100 writes stay below, in milliseconds.
    pub fn p99(&self) -> Option<f64> {
        let mut sorted = self.millis.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * 99).div_ceil(100).checked_sub(1)?;
        sorted.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hiccup_in_a_hundred_does_not_count() {
        let mut writes = WriteTest { millis: vec![1.0; 99], error: String::new() };
        writes.millis.push(500.0);
        assert_eq!(writes.p99(), Some(1.0));
        writes.millis[0] = 20.0;
        assert_eq!(writes.p99(), Some(20.0));
        assert_eq!(WriteTest::default().p99(), None);
        assert_eq!(WriteTest::default().average(), None);
    }

    #[test]
    fn dd_prints_small_times_with_an_exponent() {
        let mut writes = WriteTest::default();
        assert!(writes.take("seconds", "0.0012 5.1e-05"));
        assert_eq!(writes.millis.len(), 2);
        assert!(!writes.take("seconds", "copied"));
    }
}
