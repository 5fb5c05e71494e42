//! Processors, memory and what the kernel offers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{flag, maybe, number, push, put, text, yes};

/// Processors, memory and what the kernel offers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hardware {
    /// Processors as the kernel counts them.
    pub cpus: u32,
    /// Those of the processor's flags that a check asks for.
    pub cpu_flags: Vec<String>,
    /// `MemTotal` of /proc/meminfo, in KiB.
    pub memory_kib: u64,
    /// Devices and files in /proc/swaps.
    pub swaps: Vec<String>,
    /// The type of /sys/fs/cgroup: `cgroup2fs` for version 2.
    pub cgroup: String,
    /// The controllers that the kernel offers.
    pub controllers: Vec<String>,
    /// True if there is /dev/fuse.
    pub dev_fuse: bool,
    /// Whether a kernel module is loaded, built in, or there to be loaded; only those that were asked for.
    pub modules: BTreeMap<String, bool>,
    /// /proc/sys/kernel/random/entropy_avail, in bits.
    pub entropy: Option<u32>,
}

impl Hardware {
    pub(super) fn take(&mut self, field: &str, value: &str) -> bool {
        match field {
            "cpus" => number(&mut self.cpus, value),
            "cpu-flag" => push(&mut self.cpu_flags, value),
            "memory" => number(&mut self.memory_kib, value),
            "swap" => push(&mut self.swaps, value),
            "cgroup" => text(&mut self.cgroup, value),
            "controller" => push(&mut self.controllers, value),
            "dev-fuse" => flag(&mut self.dev_fuse, value),
            "entropy" => maybe(&mut self.entropy, value),
            _ => match field.strip_prefix("module-") {
                Some(module) => put(&mut self.modules, module, yes(value)),
                None => false,
            },
        }
    }
}
