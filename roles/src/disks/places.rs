//! Which device holds what, and who opens it.

use std::net::SocketAddr;

use regionctl_inventory::{Disk, DiskLayout, Region, Server, Volume};

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

/// Whether a server's Tang is asked by others.
pub fn is_asked(region: &Region, server: &Server) -> bool {
    let mut others = region.servers().iter().filter(|other| other.name != server.name);
    others.any(|other| region.encrypted_disks(other).next().is_some())
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
