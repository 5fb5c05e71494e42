//! What disks and arrays say of their own health.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What disks and arrays say of their own health. Empty where nobody can ask them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// What smartmontools say, by device, such as `/dev/nvme0n1`.
    pub smart: BTreeMap<String, Smart>,
    /// The software RAID arrays of /proc/mdstat.
    pub arrays: Vec<Array>,
}

/// What a disk says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Smart {
    /// Whether it passes its own health check; `None`: it does not say.
    pub passed: Option<bool>,
    /// What its maker calls it.
    pub model: String,
    /// Its serial number.
    pub serial: String,
}

/// A software RAID array.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Array {
    /// Its name, such as `md0`.
    pub name: String,
    /// True if it runs.
    pub active: bool,
    /// Such as `raid1`; empty if it does not run.
    pub level: String,
    /// The partitions or disks that it has, and those that failed.
    pub members: Vec<String>,
    /// How many disks it should have; 0 if its level knows no redundancy.
    pub wanted: u32,
    /// How many of them work.
    pub working: u32,
    /// What it does at the moment, such as `recovery = 12.6%`.
    pub doing: String,
}

impl Health {
    pub(super) fn smart(&mut self, device: &str, value: &str) -> bool {
        let Ok(said) = serde_json::from_str::<Value>(value) else { return false };
        self.smart.insert(device.to_owned(), Smart::of(&said));
        true
    }

    pub(super) fn mdstat(&mut self, line: &str) -> bool {
        match Array::begun(line) {
            Some(array) => self.arrays.push(array),
            None => {
                // The lines below a name are the array's; the others are of the whole file.
                if let Some(array) = self.arrays.last_mut() {
                    array.more(line);
                }
            }
        }
        true
    }
}

impl Smart {
    /// From `smartctl --info --health --json`, of ATA, SCSI and NVMe disks.
    fn of(said: &Value) -> Self {
        let text = |field: &str| said.get(field).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let model = [text("model_name"), text("scsi_model_name")].into_iter().find(|model| !model.is_empty());
        let passed = said.get("smart_status").and_then(|status| status.get("passed")).and_then(Value::as_bool);
        Self { passed, model: model.unwrap_or_default(), serial: text("serial_number") }
    }
}

impl Array {
    /// `md0 : active raid1 sdb1[1] sda1[0](F)`
    fn begun(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(" : ")?;
        if !name.starts_with("md") {
            return None;
        }
        let mut words = rest.split_whitespace().filter(|word| !word.starts_with('('));
        let active = words.next()? == "active";
        let is_member = |word: &str| word.contains('[');
        let words: Vec<_> = words.collect();
        let level = words.iter().find(|word| !is_member(word)).map(|level| (*level).to_owned());
        let members = words.into_iter().filter(|word| is_member(word)).map(str::to_owned);
        Some(Self {
            name: name.to_owned(),
            active,
            level: level.unwrap_or_default(),
            members: members.collect(),
            ..Self::default()
        })
    }

    /// `976630464 blocks super 1.2 [2/1] [U_]` or `[=>...]  recovery = 12.6% (…) finish=…`
    fn more(&mut self, line: &str) {
        let counts = line.split_whitespace().find_map(|word| {
            let (wanted, working) = word.strip_prefix('[')?.strip_suffix(']')?.split_once('/')?;
            Some((wanted.parse().ok()?, working.parse().ok()?))
        });
        if let Some((wanted, working)) = counts {
            (self.wanted, self.working) = (wanted, working);
        }
        let doing = ["recovery", "resync", "reshape", "check"].into_iter().find_map(|word| {
            let at = line.find(&format!("{word} ")).or_else(|| line.find(&format!("{word}=")))?;
            Some(line[at..].split(" (").next()?.trim().to_owned())
        });
        if let Some(doing) = doing {
            self.doing = doing;
        }
    }

    /// True if it runs and no disk of it is missing.
    pub fn is_whole(&self) -> bool {
        self.active && self.working >= self.wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_smartctl_says() {
        let smart = |text: &str| {
            let mut health = Health::default();
            assert!(health.smart("/dev/x", text));
            health.smart["/dev/x"].clone()
        };
        let ata = r#"{"json_format_version":[1,0],"smartctl":{"version":[7,4],"exit_status":8},"device":{"name":"/dev/sda","type":"sat","protocol":"ATA"},"model_family":"Seagate IronWolf","model_name":"ST4000VN008-2DR166","serial_number":"ZGY0AAAA","user_capacity":{"blocks":7814037168,"bytes":4000787030016},"smart_support":{"available":true,"enabled":true},"smart_status":{"passed":false}}"#;
        let failing = Smart { passed: Some(false), model: "ST4000VN008-2DR166".into(), serial: "ZGY0AAAA".into() };
        assert_eq!(smart(ata), failing);
        let nvme = r#"{"device":{"name":"/dev/nvme0n1","protocol":"NVMe"},"model_name":"SAMSUNG MZQL21T9HCJR-00A07","serial_number":"S64GNA0A000001","smart_status":{"passed":true,"nvme":{"value":0}}}"#;
        assert_eq!(smart(nvme).passed, Some(true));
        let none = r#"{"smartctl":{"messages":[{"string":"Unable to detect device type","severity":"error"}],"exit_status":1}}"#;
        assert_eq!(smart(none), Smart::default());
        assert!(!Health::default().smart("/dev/x", "smartctl 7.4"));
    }

    #[test]
    fn what_mdstat_says() {
        let mut health = Health::default();
        let text = "Personalities : [raid1] [raid0]\nmd1 : active raid1 sdb2[1] sda2[0]\n      976630464 blocks super 1.2 [2/2] [UU]\n      bitmap: 3/8 pages [12KB], 65536KB chunk\n\nmd0 : active (auto-read-only) raid1 sdb1[2] sda1[0](F)\n      523264 blocks super 1.2 [2/1] [_U]\n      [==>..................]  recovery = 12.6% (65920/523264) finish=0.1min speed=65920K/sec\n\nmd2 : active raid0 sdc1[1] sdd1[0]\n      1953260544 blocks super 1.2 512k chunks\n\nmd127 : inactive sde1[0](S)\n      5237760 blocks super 1.2\n\nunused devices: <none>";
        text.lines().for_each(|line| assert!(health.mdstat(line)));
        let shown: Vec<_> =
            health.arrays.iter().map(|a| (a.name.as_str(), a.level.as_str(), a.wanted, a.working, a.is_whole())).collect();
        let expected = [
            ("md1", "raid1", 2, 2, true),
            ("md0", "raid1", 2, 1, false),
            ("md2", "raid0", 0, 0, true),
            ("md127", "", 0, 0, false),
        ];
        assert_eq!(shown, expected);
        assert_eq!(health.arrays[1].doing, "recovery = 12.6%");
        assert_eq!(health.arrays[1].members, ["sdb1[2]", "sda1[0](F)"]);
    }
}
