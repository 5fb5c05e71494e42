//! The files that make an image one certain host: as a provider's installer leaves them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ipnetwork::Ipv4Network;

use crate::LabError;
use crate::image::{create_dir, write};
use crate::keys::HOST_KEYS;
use crate::network::name_server;
use crate::paths::HostPaths;
use crate::spec::{HostKind, LabHost, LabSpec, Network};

/// Writes a host's own files below `root`, once, before its first start: later they are the host's.
pub(crate) fn write_identity(
    spec: &LabSpec,
    host: &LabHost,
    paths: &HostPaths,
    uplink: Ipv4Network,
    keys: &[String],
    root: &Path,
) -> Result<(), LabError> {
    let etc = root.join("etc");
    let ssh = etc.join("ssh");
    let network = etc.join("network");
    let root_ssh = root.join("root/.ssh");
    for folder in [&etc, &ssh, &network, &root_ssh] {
        create_dir(folder)?;
    }
    // The upper folder's modes win over the image's.
    for folder in [root, etc.as_path(), ssh.as_path(), network.as_path()] {
        mode(folder, 0o755)?;
    }
    for folder in [root.join("root"), root_ssh.clone()] {
        mode(&folder, 0o700)?;
    }
    write(&etc.join("hostname"), format!("{}\n", host.name).as_bytes())?;
    write(&etc.join("hosts"), hosts_file(host).as_bytes())?;
    write(&etc.join("machine-id"), machine_id()?.as_bytes())?;
    write(&etc.join("resolv.conf"), format!("nameserver {}\n", name_server(uplink)).as_bytes())?;
    write(&network.join("interfaces"), interfaces_file(spec, host).as_bytes())?;
    write(&root_ssh.join("authorized_keys"), format!("{}\n", keys.join("\n")).as_bytes())?;
    mode(&root_ssh.join("authorized_keys"), 0o600)?;
    for kind in HOST_KEYS {
        for (name, bits) in [(format!("ssh_host_{kind}_key"), 0o600), (format!("ssh_host_{kind}_key.pub"), 0o644)] {
            let (from, to) = (paths.identity().join(&name), ssh.join(&name));
            fs::copy(&from, &to).map_err(LabError::io("copy", &from))?;
            mode(&to, bits)?;
        }
    }
    if host.ssh_port != 22 {
        let folder = ssh.join("sshd_config.d");
        create_dir(&folder)?;
        write(&folder.join("port.conf"), format!("Port {}\n", host.ssh_port).as_bytes())?;
    }
    if host.kind == HostKind::Vm {
        let links = etc.join("systemd/network");
        create_dir(&links)?;
        for network in Network::ALL {
            let (name, mac) = (host.interface(network), host.mac(&spec.name, network));
            let text = format!("[Match]\nMACAddress={mac}\n\n[Link]\nName={name}\n");
            write(&links.join(format!("10-{name}.link")), text.as_bytes())?;
        }
    }
    Ok(())
}

fn hosts_file(host: &LabHost) -> String {
    format!("127.0.0.1\tlocalhost\n127.0.1.1\t{}\n::1\tlocalhost ip6-localhost ip6-loopback\n", host.name)
}

fn interfaces_file(spec: &LabSpec, host: &LabHost) -> String {
    let (public, vrack) = (&host.public_interface, &host.vrack_interface);
    let mut text = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n".to_owned();
    let _ = writeln!(text, "\nauto {public}\niface {public} inet static");
    let _ = writeln!(text, "    address {}/{}", host.public_address, spec.public.cidr.prefix());
    let _ = writeln!(text, "    gateway {}", spec.public.gateway);
    match host.vrack_address {
        Some(address) => {
            let _ = writeln!(text, "\nauto {vrack}\niface {vrack} inet static");
            let _ = writeln!(text, "    address {address}/{}", spec.vrack.cidr.prefix());
        }
        None => {
            let _ = writeln!(text, "\nauto {vrack}\niface {vrack} inet manual");
        }
    }
    let _ = writeln!(text, "    mtu {}", spec.vrack.mtu);
    text
}

fn machine_id() -> Result<String, LabError> {
    let path = "/proc/sys/kernel/random/uuid";
    let uuid = fs::read_to_string(path).map_err(LabError::io("read", path))?;
    Ok(uuid.replace('-', ""))
}

fn mode(path: &Path, bits: u32) -> Result<(), LabError> {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).map_err(LabError::io("set the mode of", path))
}
