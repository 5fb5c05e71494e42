//! From an inventory to the lab that rehearses it.

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::Ipv4Network;
use regionctl_inventory::Region;
use regionctl_inventory::types::{LabImage, LabKind, Server};

use crate::LabError;
use crate::spec::{Debian, HostKind, LabDisk, LabHost, LabSpec, PublicNetwork, VrackNetwork};

/// The widest network that is assumed around the servers' addresses when the inventory names none.
const WIDEST: u8 = 16;

impl LabSpec {
    /// The lab of a region, named after it. `authorized_keys` are OpenSSH public keys of the operator.
    ///
    /// What cannot be rehearsed, such as a server with a DNS name for an address, is an error that names all of it.
    pub fn from_region(region: &Region, authorized_keys: Vec<String>) -> Result<Self, LabError> {
        let mut problems = Vec::new();
        let addresses: Vec<_> = region.servers().iter().filter_map(|server| address(server, &mut problems)).collect();
        let public = public_network(region, &addresses, &mut problems);
        let vrack = region.spec.network.vrack.cidr;
        let vrack = Ipv4Network::new(vrack.network(), vrack.prefix());
        let (Some(public), Ok(vrack), true) = (public, vrack, problems.is_empty()) else {
            return Err(LabError::Spec { lab: region.name().to_owned(), problems });
        };
        let hosts = region.servers().iter().zip(addresses).map(|(server, address)| host(region, server, address));
        let spec = Self {
            name: region.name().to_owned(),
            public,
            vrack: VrackNetwork { cidr: vrack, mtu: region.spec.network.vrack.mtu.into(), vlan: region.spec.network.vrack.vlan },
            hosts: hosts.collect(),
            authorized_keys,
            user: Some(region.spec.ssh.user.clone()).filter(|user| user != "root"),
            extra_packages: Vec::new(),
        };
        spec.validate()?;
        Ok(spec)
    }
}

fn address(server: &Server, problems: &mut Vec<String>) -> Option<Ipv4Addr> {
    match server.address.address() {
        Some(IpAddr::V4(address)) => Some(address),
        _ => {
            problems.push(format!("server `{}`: the lab needs an IPv4 address, not a name or IPv6", server.name));
            None
        }
    }
}

fn public_network(region: &Region, servers: &[Ipv4Addr], problems: &mut Vec<String>) -> Option<PublicNetwork> {
    let written = &region.spec.network.public;
    let cidr = match written.cidr {
        Some(cidr) => Ipv4Network::new(cidr.network(), cidr.prefix()).ok(),
        None => around(servers, written.gateway),
    };
    let Some(cidr) = cidr else {
        problems.push("the servers' addresses are too far apart for one network; give `network.public.cidr`".to_owned());
        return None;
    };
    let gateway = written.gateway.or_else(|| {
        let hosts = cidr.iter().skip(1).take(cidr.size().saturating_sub(2) as usize);
        hosts.take(4096).find(|address| !servers.contains(address))
    });
    if gateway.is_none() {
        problems.push(format!("{cidr} has no free address for a gateway"));
    }
    gateway.map(|gateway| PublicNetwork { cidr, gateway })
}

/// The smallest network that holds all of these, not smaller than a /24.
fn around(servers: &[Ipv4Addr], gateway: Option<Ipv4Addr>) -> Option<Ipv4Network> {
    let first = *servers.first()?;
    (WIDEST..=24).rev().find_map(|prefix| {
        let network = Ipv4Network::new(first, prefix).ok()?;
        let network = Ipv4Network::new(network.network(), prefix).ok()?;
        servers.iter().chain(gateway.iter()).all(|address| network.contains(*address)).then_some(network)
    })
}

fn host(region: &Region, server: &Server, public_address: Ipv4Addr) -> LabHost {
    let lab = region.spec.lab.clone().unwrap_or_default();
    let name = server.name.as_str();
    let vrack_interface = server.vrack.interface.as_ref().map_or("eno2", |name| name.as_str()).to_owned();
    let public_interface = match &region.spec.network.public.interface {
        Some(name) => name.as_str(),
        None if vrack_interface == "eno1" => "eno2",
        None => "eno1",
    };
    let kind = match lab.kind_of(name) {
        LabKind::Container => HostKind::Container,
        LabKind::Vm => HostKind::Vm,
    };
    // As from a provider: a card with nothing on it, where regionctl makes the vrack.
    let vrack_made = region.spec.network.vrack.is_made(kind == HostKind::Vm);
    LabHost {
        name: name.to_owned(),
        kind,
        debian: match lab.image_of(name) {
            LabImage::Debian12 => Debian::Bookworm,
            LabImage::Debian13 => Debian::Trixie,
        },
        public_address,
        ssh_port: server.ssh_port(&region.spec.ssh),
        public_interface: public_interface.to_owned(),
        public_mac: None,
        vrack_address: server.vrack.address.filter(|_| !vrack_made),
        vrack_interface,
        vrack_mac: server.vrack.mac.as_ref().map(ToString::to_string),
        disks: server
            .disks
            .iter()
            .map(|disk| LabDisk { device: disk.device.as_str().to_owned(), bytes: lab.disk_size_of(name, &disk.name).bytes() })
            .collect(),
        memory_mib: lab.memory_of(name).bytes() >> 20,
        cpus: lab.cpus_of(name).into(),
    }
}

#[cfg(test)]
mod tests {
    use regionctl_inventory::{Known, parse};

    use super::*;

    fn spec(file: &str) -> LabSpec {
        let path = format!("{}/../../inventory/examples/{file}", env!("CARGO_MANIFEST_DIR"));
        let region = parse(&std::fs::read_to_string(path).unwrap(), file, &Known::default()).unwrap().region;
        LabSpec::from_region(&region, Vec::new()).unwrap()
    }

    #[test]
    fn the_shipped_examples_can_be_rehearsed() {
        let lab = spec("lab.yaml");
        assert_eq!(lab.hosts.len(), 4);
        assert_eq!(lab.host("compute-2").unwrap().debian, Debian::Bookworm);
        assert_eq!(lab.host("compute-1").unwrap().disks[0].bytes, 1 << 30);
        assert_eq!(lab.host("storage-1").unwrap().vrack_address, Some(Ipv4Addr::new(10, 90, 0, 13)));
        spec("four-servers.yaml");
    }

    #[test]
    fn a_network_is_found_around_the_servers() {
        let at = |text: &str| text.parse::<Ipv4Addr>().unwrap();
        let found = |servers: &[Ipv4Addr]| around(servers, None).map(|network| network.to_string());
        assert_eq!(found(&[at("203.0.113.11"), at("203.0.113.99")]).as_deref(), Some("203.0.113.0/24"));
        assert_eq!(found(&[at("203.0.113.11"), at("203.0.112.1")]).as_deref(), Some("203.0.112.0/23"));
        assert_eq!(found(&[at("203.0.113.11"), at("198.51.100.1")]), None);
        assert_eq!(found(&[]), None);
    }
}
