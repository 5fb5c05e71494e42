//! The region of a fleet: a document as an operator would write it, with many servers.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use regionctl_inventory::Known;
use regionctl_roles::Roles;

use crate::bench::error::BenchError;
use crate::bench::files;

/// Public addresses: 10.213.0.0/16; the vrack is 10.214.0.0/16. Neither leaves the fleet's namespaces.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(10, 213, 1, 0);
const VRACK: Ipv4Addr = Ipv4Addr::new(10, 214, 1, 0);

/// The name of a server, counted from 0.
pub fn name(server: usize) -> String {
    format!("server-{:03}", server + 1)
}

/// Its public address.
pub fn address(server: usize) -> Ipv4Addr {
    beyond(PUBLIC, server)
}

fn beyond(base: Ipv4Addr, server: usize) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(base) + u32::try_from(server).unwrap_or(u32::MAX - u32::from(base)))
}

/// The document of a region with so many servers.
pub fn document(servers: usize) -> String {
    let mut text = format!(
        "apiVersion: regionctl.dev/v1alpha1
kind: Region
metadata:
  name: fleet
spec:
  domain: fleet.internal
  release: {release:?}
  network:
    public: {{cidr: 10.213.0.0/16}}
    vrack: {{cidr: 10.214.0.0/16}}
    ranges:
      servers: 10.214.1.0-10.214.9.255
      machines: 10.214.10.0-10.214.19.255
      loadBalancers: 10.214.20.0-10.214.29.255
  servers:
",
        release = regionctl_images::names().last().unwrap_or(&"")
    );
    for server in 0..servers {
        let (name, public, vrack) = (name(server), address(server), beyond(VRACK, server));
        // A `String` takes whatever is written to it.
        let _ = writeln!(text, "    - {{name: {name}, roles: [compute], address: {public}, vrack: {{address: {vrack}}}}}");
    }
    text
}

/// The roles of the region in a file.
pub fn roles(file: &Path) -> Result<Roles, BenchError> {
    let wrong = |what: String| BenchError::NotDone { tool: "regionctl", what };
    let text = files::read(file)?;
    let known = regionctl_images::names();
    let inventory = regionctl_inventory::parse(&text, &file.display().to_string(), &Known { releases: &known });
    let inventory = inventory.map_err(|mistakes| wrong(mistakes.to_string()))?;
    Roles::of(Arc::new(inventory.region)).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_no_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("region.yaml");
        std::fs::write(&file, document(200)).unwrap();
        roles(&file).unwrap();
        assert_eq!(address(199), Ipv4Addr::new(10, 213, 1, 199));
    }
}
