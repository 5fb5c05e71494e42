//! From an inventory to the lab that plays it.

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::Ipv4Network;
use regionctl_inventory::{Cidr, Lab, LabImage, LabKind, Region, Server};
use regionctl_lab::{Debian, HostKind, LabDisk, LabHost, LabSpec, PublicNetwork, VrackNetwork};

use crate::exit::Exit;
use crate::failure::Failure;

/// The lab of a region.
///
/// # Errors
/// A server whose address the lab cannot play.
pub fn of(region: &Region) -> Result<LabSpec, Failure> {
    let network = &region.spec.network;
    let lab = region.spec.lab.clone().unwrap_or_default();
    let addresses = region.servers().iter().map(address).collect::<Result<Vec<_>, _>>()?;
    let public = match network.public.cidr {
        Some(cidr) => cidr,
        None => around(&addresses)?,
    };
    let taken = |candidate: &Ipv4Addr| !addresses.contains(candidate);
    let first = u32::from(public.network()) + 1;
    let mut free = (first..u32::from(public.broadcast())).map(Ipv4Addr::from).filter(taken);
    let gateway = network.public.gateway.or_else(|| free.next()).unwrap_or_else(|| public.network());
    let hosts = region.servers().iter().zip(&addresses).map(|(server, address)| host(region, &lab, server, *address));
    Ok(LabSpec {
        name: region.name().to_owned(),
        user: Some(region.spec.ssh.user.clone()).filter(|user| user != "root"),
        public: PublicNetwork { cidr: range(public)?, gateway },
        vrack: VrackNetwork { cidr: range(network.vrack.cidr)?, mtu: network.vrack.mtu.into(), vlan: network.vrack.vlan },
        hosts: hosts.collect(),
        authorized_keys: Vec::new(),
        extra_packages: Vec::new(),
    })
}

fn host(region: &Region, lab: &Lab, server: &Server, public_address: Ipv4Addr) -> LabHost {
    let name = server.name.as_str();
    let disk = |disk: &regionctl_inventory::Disk| LabDisk {
        device: disk.device.to_string(),
        bytes: lab.disk_size_of(name, &disk.name).bytes(),
    };
    let interface = |name: Option<&regionctl_inventory::InterfaceName>, otherwise: &str| {
        name.map_or_else(|| otherwise.to_owned(), ToString::to_string)
    };
    LabHost {
        name: name.to_owned(),
        ssh_port: server.ssh_port(&region.spec.ssh),
        kind: match lab.kind_of(name) {
            LabKind::Container => HostKind::Container,
            LabKind::Vm => HostKind::Vm,
        },
        debian: match lab.image_of(name) {
            LabImage::Debian12 => Debian::Bookworm,
            LabImage::Debian13 => Debian::Trixie,
        },
        public_address,
        public_interface: interface(region.spec.network.public.interface.as_ref(), "eno1"),
        public_mac: None,
        vrack_address: server.vrack.address,
        vrack_interface: interface(server.vrack.interface.as_ref(), "eno2"),
        vrack_mac: server.vrack.mac.map(|mac| mac.to_string()),
        disks: server.disks.iter().map(disk).collect(),
        memory_mib: lab.memory_of(name).bytes() >> 20,
        cpus: lab.cpus_of(name).into(),
    }
}

/// The address that SSH reaches a server at; a lab plays IPv4.
fn address(server: &Server) -> Result<Ipv4Addr, Failure> {
    match server.address.address() {
        Some(IpAddr::V4(address)) => Ok(address),
        _ => {
            let message = format!("server `{}`: a lab cannot play the address `{}`", server.name, server.address);
            Err(Failure::new(Exit::Inventory, message).hint("write an IPv4 address, or keep a copy of the inventory for the lab"))
        }
    }
}

/// The smallest network of at most 24 bits that has all addresses and room for a gateway.
fn around(addresses: &[Ipv4Addr]) -> Result<Cidr, Failure> {
    let first = addresses.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED);
    let prefixes = (8..=24).rev().map(|prefix| Cidr::new(first, prefix));
    let has_all = |cidr: &Cidr| addresses.iter().all(|address| cidr.contains(*address));
    prefixes.into_iter().find(has_all).ok_or_else(|| {
        let message = "the servers' addresses are too far apart to be played in one network";
        Failure::new(Exit::Inventory, message).hint("keep a copy of the inventory for the lab, with addresses of one network")
    })
}

fn range(cidr: Cidr) -> Result<Ipv4Network, Failure> {
    Ipv4Network::new(cidr.network(), cidr.prefix()).map_err(|error| Failure::from_error(Exit::Inventory, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regionctl_inventory::{Known, parse};

    fn region(text: &str) -> Region {
        parse(text, "lab.yaml", &Known::default()).unwrap().region
    }

    #[test]
    fn the_shipped_lab_can_be_played() {
        let spec = of(&region(include_str!("../../../../../inventory/examples/lab.yaml"))).unwrap();
        assert_eq!((spec.name.as_str(), spec.hosts.len(), spec.public.gateway.to_string().as_str()), ("lab", 4, "203.0.113.1"));
        assert_eq!(spec.hosts[1].debian, Debian::Bookworm);
        assert_eq!(spec.hosts[0].disks[0].bytes, 1 << 30);
        spec.validate().unwrap();
    }

    #[test]
    fn the_reference_region_can_be_played() {
        of(&region(include_str!("../../../../../inventory/examples/four-servers.yaml"))).unwrap().validate().unwrap();
    }

    #[test]
    fn a_network_around_the_addresses() {
        let of =
            |addresses: &[&str]| around(&addresses.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>()).map(|c| c.to_string());
        assert_eq!(of(&["192.0.2.1", "192.0.2.200"]).unwrap(), "192.0.2.0/24");
        assert_eq!(of(&["192.0.2.1", "192.0.3.200"]).unwrap(), "192.0.2.0/23");
        assert!(of(&["192.0.2.1", "10.0.0.1"]).is_err());
    }
}
