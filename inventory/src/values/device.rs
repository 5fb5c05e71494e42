//! Paths of block devices.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// The path of a block device below `/dev`. A link under `/dev/disk/by-id` is best: `/dev/sdb` may be another disk
/// after a reboot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(String);

impl Device {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Device {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let hint = "for example `/dev/disk/by-id/nvme-…`, as `lsblk --output PATH,ID-LINK,SIZE` shows it";
        let rest = text.strip_prefix("/dev/").unwrap_or_default();
        if rest.is_empty() {
            return Err(Problem::hinted("a device is a path below `/dev`", hint));
        }
        if rest.split('/').any(|part| matches!(part, "" | "." | "..")) || rest.chars().any(|c| c.is_control() || c == ' ') {
            return Err(Problem::hinted("not a plain path", hint));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

written_as_text!(
    Device,
    "device",
    "The path of a block device below `/dev`.",
    "/dev/disk/by-id/nvme-eui.0025385b01404e5f",
    r"^/dev/[^ ]+$"
);
