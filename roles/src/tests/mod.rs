//! Cases of each role, and properties of all.

pub mod cases;
mod properties;
mod show;
mod unbound;

use std::sync::Arc;

use regionctl_inventory::{Known, Region, parse};
use regionctl_plan::{Facts, Nic};

/// A checked region from a document.
pub fn region(text: &str, file: &str) -> Arc<Region> {
    let releases = regionctl_images::names();
    let known = Known { releases: &releases };
    Arc::new(parse(text, file, &known).unwrap_or_else(|error| panic!("{error}")).region)
}

/// With the addresses of the inventory on two interfaces, `eno1` and `eno2`.
fn wired(mut facts: Facts, region: &Region, host: &str) -> Facts {
    let server = region.server(host).unwrap();
    let nic = |(position, address): (usize, String)| Nic {
        name: format!("eno{}", position + 1),
        mac: format!("02:00:00:00:00:0{position}"),
        physical: true,
        mtu: 1500,
        state: "up".into(),
        addresses: vec![format!("{address}/24")],
    };
    let addresses = [server.address.to_string(), server.vrack_address().to_string()];
    facts.nics = addresses.into_iter().enumerate().map(nic).collect();
    facts.ways_out = ["eno1".to_owned()].into();
    facts
}

/// A host with this version of Debian, by itself or sharing its kernel.
fn facts(debian: u32, container: bool) -> Facts {
    let codename = if debian == 12 { "bookworm" } else { "trixie" };
    let virtualization = if container { "systemd-nspawn" } else { "none" };
    Facts { os_version: debian, codename: codename.into(), virtualization: virtualization.into(), ..Facts::assumed() }
}
