//! Cut and healed links.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::lock::Lock;
use crate::names::{namespace, port};
use crate::network::{inside, ip_batch, ruleset};
use crate::paths::LabPaths;
use crate::record::Record;
use crate::run::run_with_input;
use crate::spec::Network;

/// What is cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CutTarget {
    /// The host's cable to a network: its NIC loses the carrier's other end.
    Network(Network),
    /// All that passes between the host and this other host, on both networks. Nobody loses a carrier.
    Peer(String),
}

/// One cut link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    /// The host.
    pub host: String,
    /// What it is cut from.
    pub target: CutTarget,
}

/// Cuts a host off a network or from another host. Cutting what is cut changes nothing.
pub async fn cut(lab: &str, host: &str, target: CutTarget) -> Result<(), LabError> {
    change(lab, host, target, true).await
}

/// Mends a cut. Mending what is whole changes nothing.
pub async fn heal(lab: &str, host: &str, target: CutTarget) -> Result<(), LabError> {
    change(lab, host, target, false).await
}

async fn change(lab: &str, host: &str, target: CutTarget, cutting: bool) -> Result<(), LabError> {
    crate::requirements::root()?;
    let _lock = Lock::lab(lab).await?;
    let mut record = Record::require(lab)?;
    record.spec.host(host)?;
    let wanted = Cut { host: host.to_owned(), target };
    match &wanted.target {
        CutTarget::Network(network) => {
            set(&mut record.cuts, wanted.clone(), cutting);
            apply_port(&record, host, *network).await?;
        }
        CutTarget::Peer(peer) => {
            record.spec.host(peer)?;
            let back = Cut { host: peer.clone(), target: CutTarget::Peer(host.to_owned()) };
            // The cut may have been asked for from the other side.
            record.cuts.remove(&back);
            set(&mut record.cuts, wanted.clone(), cutting);
            run_with_input(&inside(&namespace(lab)).args(["nft", "-f", "-"]), &ruleset(&record)).await?;
        }
    }
    record.save(&LabPaths::new(lab))
}

fn set(cuts: &mut BTreeSet<Cut>, cut: Cut, cutting: bool) {
    if cutting {
        cuts.insert(cut);
    } else {
        cuts.remove(&cut);
    }
}

/// Sets the state of a host's port as recorded.
pub(crate) async fn apply_port(record: &Record, host: &str, network: Network) -> Result<(), LabError> {
    let cut = Cut { host: host.to_owned(), target: CutTarget::Network(network) };
    let state = if record.cuts.contains(&cut) { "down" } else { "up" };
    ip_batch(&namespace(&record.spec.name), &format!("link set {} {state}\n", port(host, network))).await
}

/// The pairs of MAC addresses between which nothing passes.
pub(crate) fn severed(record: &Record) -> Vec<(String, String)> {
    let spec = &record.spec;
    let mut pairs = Vec::new();
    for cut in &record.cuts {
        let CutTarget::Peer(peer) = &cut.target else { continue };
        let (Ok(one), Ok(other)) = (spec.host(&cut.host), spec.host(peer)) else { continue };
        for network in Network::ALL {
            let (one, other) = (one.mac(&spec.name, network), other.mac(&spec.name, network));
            pairs.push((one.clone(), other.clone()));
            pairs.push((other, one));
        }
    }
    pairs
}
