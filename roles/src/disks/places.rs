//! Which device holds what, and who opens it.

use std::net::SocketAddr;

use regionctl_inventory::{Disk, DiskLayout, MOST_OPENERS, Region, Server, Volume};

use crate::Host;

const RECOVERY_KEYS: &str = "disks/";
const TANG_KEYS: &str = "tang/";

/// The port of Tang on the vrack.
pub const TANG_PORT: u16 = 7500;

/// The socket of Tang.
pub const TANG: &str = "tangd.socket";

/// The name under which an encrypted disk is opened.
pub fn mapper(disk: &Disk) -> String {
    format!("luks-{}", disk.name)
}

/// Whether a disk of this host is encrypted. A container has no device mapper of its own: there it stays as it is.
pub fn is_encrypted(host: &Host<'_>, disk: &Disk) -> bool {
    disk.encrypt && !host.shares_kernel()
}

/// The device on which a disk's file system or physical volume is made: the disk, or what is opened on it.
pub fn device(host: &Host<'_>, disk: &Disk) -> String {
    if is_encrypted(host, disk) { format!("/dev/mapper/{}", mapper(disk)) } else { disk.device.to_string() }
}

/// The logical volume of a brick, in the group that is named after the disk: it is named after the Gluster volume.
pub fn brick_volume(volume: &Volume) -> &str {
    volume.name.as_str()
}

/// The device of the file system of a volume's brick on a disk.
pub fn brick_device(host: &Host<'_>, volume: &Volume, disk: &Disk) -> String {
    match disk.layout {
        DiskLayout::Plain => device(host, disk),
        _ => format!("/dev/{}/{}", disk.name, brick_volume(volume)),
    }
}

/// The disks of this host that are encrypted.
pub fn encrypted<'a>(host: &Host<'a>) -> Vec<&'a Disk> {
    if host.shares_kernel() { Vec::new() } else { host.region.encrypted_disks(host.server).collect() }
}

/// Where a server's Tang answers.
pub fn tang_url(server: &Server) -> String {
    format!("http://{}", SocketAddr::new(server.vrack_address(), TANG_PORT))
}

/// The servers that open the encrypted disks of another: those after it in the document, and after the last the first, so that in a
/// large region each opens those of a few. They are in the order of the document.
pub fn openers<'a>(region: &'a Region, server: &Server) -> Vec<&'a Server> {
    let count = region.servers().len();
    let mut places: Vec<_> = neighbours(region, server).map(|(own, distance)| (own + distance) % count).collect();
    places.sort_unstable();
    places.into_iter().filter_map(|place| region.servers().get(place)).collect()
}

/// The place of a server in the document, with the distance to each that opens its disks, or whose disks it opens.
fn neighbours(region: &Region, server: &Server) -> impl Iterator<Item = (usize, usize)> {
    let servers = region.servers();
    let own = servers.iter().position(|other| other.name == server.name);
    let most = servers.len().saturating_sub(1).min(MOST_OPENERS.into());
    own.into_iter().flat_map(move |own| (1..=most).map(move |distance| (own, distance)))
}

/// Whether a server's Tang is asked by others.
pub fn is_asked(region: &Region, server: &Server) -> bool {
    let servers = region.servers();
    let mut before =
        neighbours(region, server).filter_map(|(own, distance)| servers.get((own + servers.len() - distance) % servers.len()));
    before.any(|other| region.encrypted_disks(other).next().is_some())
}

/// The name of the keys of a server's Tang among the secrets.
pub fn tang_keys(server: &Server) -> String {
    format!("{TANG_KEYS}{}", server.name)
}

/// True for the name of a key that signs what a server's Tang says.
pub fn is_signing_key(name: &str) -> bool {
    name.strip_prefix(TANG_KEYS).is_some_and(|rest| rest.ends_with("/sign"))
}

/// The name of a disk's recovery key among the secrets: the passphrase that its container was made with.
pub fn recovery_key(server: &Server, disk: &Disk) -> String {
    format!("{RECOVERY_KEYS}{}/{}", server.name, disk.name)
}

/// True for the name of a disk's recovery key.
pub fn is_recovery_key(name: &str) -> bool {
    name.starts_with(RECOVERY_KEYS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tests::region;

    fn of(servers: usize) -> std::sync::Arc<Region> {
        let server = |number: usize| {
            let disks = "disks: [{name: data, device: /dev/sdb, layout: lvm}]";
            format!(
                "    - {{name: s{number}, roles: [storage], address: 203.0.113.{number}, vrack: {{address: 10.90.0.{number}}}, {disks}}}\n"
            )
        };
        let servers: String = (1..=servers).map(server).collect();
        let text = format!(
            "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {{name: demo}}\nspec:\n  release: \"2026.11\"\n  network:\n    \
             public: {{cidr: 203.0.113.0/24}}\n    vrack: {{cidr: 10.90.0.0/24}}\n    ranges: {{servers: 10.90.0.1-10.90.0.59}}\n  \
             servers:\n{servers}"
        );
        region(&text, "region.yaml")
    }

    #[test]
    fn each_disk_is_opened_by_a_few_and_each_server_opens_those_of_as_many() {
        let names = |servers: Vec<&Server>| servers.iter().map(|server| server.name.to_string()).collect::<Vec<_>>();
        let four = of(4);
        assert_eq!(names(openers(&four, &four.servers()[1])), ["s1", "s3", "s4"]);
        let many = of(12);
        assert_eq!(names(openers(&many, &many.servers()[10])), ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s12"]);
        let mut opened: BTreeMap<String, usize> = BTreeMap::new();
        for server in many.servers() {
            assert!(is_asked(&many, server));
            names(openers(&many, server)).into_iter().for_each(|name| *opened.entry(name).or_default() += 1);
        }
        assert!(opened.len() == 12 && opened.values().all(|times| *times == usize::from(MOST_OPENERS)), "{opened:?}");
        let one = of(1);
        assert!(openers(&one, &one.servers()[0]).is_empty() && !is_asked(&one, &one.servers()[0]));
    }
}
