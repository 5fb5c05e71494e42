//! What was gathered of a region.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::HostProbe;

/// The answers of all servers. A server that was not asked (`--host`) is in neither map, and is not judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegionFacts {
    /// By server: its answer, or why there is none.
    pub hosts: BTreeMap<String, Result<HostProbe, String>>,
    /// By server: when it was asked, on the operator's clock.
    pub operator_clock: BTreeMap<String, Exchange>,
}

/// When a server was asked, on the operator's clock, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Just before the script was sent.
    pub sent: f64,
    /// Just after its last line arrived.
    pub received: f64,
}

impl RegionFacts {
    /// Where the difference between a server's clock and the operator's lies, in seconds: at least the first and at most
    /// the second; positive if the server is ahead.
    ///
    /// The script started after it was sent and ended before its answer came, so the bounds are as far apart as the time
    /// that the network took, however long the script ran.
    pub fn skew(&self, server: &str) -> Option<(f64, f64)> {
        let exchange = self.operator_clock.get(server)?;
        let clock = &self.hosts.get(server)?.as_ref().ok()?.clock;
        let (low, high) = (clock.end? - exchange.received, clock.start? - exchange.sent);
        Some((low.min(high), low.max(high)))
    }
}
