//! The vrack, and the ways in and out.

pub mod dns;
pub mod firewall;
pub mod gateway;
mod interfaces;
pub(crate) mod table;
pub mod vrack;

use regionctl_inventory::Network;

/// The networks that live inside the region, as an nftables set has them.
fn private(network: &Network) -> String {
    let ranges = &network.ranges;
    [network.vrack.cidr, ranges.vpn, ranges.pods, ranges.services].map(|network| network.to_string()).join(", ")
}
