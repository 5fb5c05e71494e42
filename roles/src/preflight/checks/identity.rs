//! What tells one server from another.

use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

/// RFC 1123, as kubeadm and Gluster want it: lower case, no dots.
pub(super) fn hostname_valid(host: &Host<'_>) -> Vec<Said> {
    let name = host.probe.identity.hostname.as_str();
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let good = (1..=63).contains(&name.len()) && letters && !name.starts_with('-') && !name.ends_with('-');
    let said = when(!good || name == "localhost", || {
        Said::new(format!("the host name `{name}` is not one lower case DNS label")).hint(rename(host))
    });
    unless_begun(std::slice::from_ref(host), said)
}

/// Without case and domain, which [`hostname_valid`] speaks of.
pub(super) fn hostname_matches(host: &Host<'_>) -> Vec<Said> {
    let identity = &host.probe.identity;
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let wanted = host.name();
    if label(&identity.hostname) != wanted {
        return vec![Said::new(format!("the host name is `{}`", identity.hostname)).hint(rename(host))];
    }
    let kept = &identity.static_hostname;
    when(!kept.is_empty() && label(kept) != wanted, || {
        Said::new(format!("the host name will be `{kept}` after a reboot: `/etc/hostname` says so")).hint(rename(host))
    })
}

fn rename(host: &Host<'_>) -> String {
    format!("install does it; by hand: `hostnamectl set-hostname {}`", host.name())
}

pub(super) fn hostname_unique(hosts: &Hosts<'_>) -> Vec<Said> {
    let said = hosts.shared("the host name", |host| known(&host.probe.identity.hostname));
    unless_begun(&hosts.answered, said)
}

/// An install gives every server its name of the inventory. One that was stopped has not come to all of them: what is left of
/// the names of before may even be another's name now.
fn unless_begun(hosts: &[Host<'_>], said: Vec<Said>) -> Vec<Said> {
    if !hosts.iter().any(|host| host.probe.owns("file:/etc/hostname")) {
        return said;
    }
    let noted = |said: Said| Said { message: format!("{}; the next install names it", said.message), only_a_note: true, ..said };
    said.into_iter().map(noted).collect()
}

/// See machine-id(5): 32 hexadecimal digits; `uninitialized` until the first boot has ended.
pub(super) fn machine_id_present(host: &Host<'_>) -> Vec<Said> {
    let id = &host.probe.identity.machine_id;
    let good = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    when(!good, || Said::new(format!("`/etc/machine-id` says `{id}`")).hint("`systemd-machine-id-setup`"))
}

/// kubeadm asks for it ("verify the MAC address and product_uuid are unique"), journald and DHCP rely on it.
pub(super) fn machine_id_unique(hosts: &Hosts<'_>) -> Vec<Said> {
    let hint = "`rm /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup` on one of them, then reboot it";
    let said = hosts.shared("the machine id", |host| known(&host.probe.identity.machine_id));
    said.into_iter().map(|said| said.hint(hint)).collect()
}

/// Addresses of VRRP (00:00:5e:00:01:xx) move between hosts and may be seen twice.
pub(super) fn mac_unique(hosts: &Hosts<'_>) -> Vec<Said> {
    hosts.shared("the MAC address", |host| {
        let macs = host.probe.network.nics.values().map(|nic| nic.mac.clone());
        macs.filter(|mac| mac.len() == 17 && mac != "00:00:00:00:00:00" && !mac.starts_with("00:00:5e:00:01:")).collect()
    })
}

/// glusterd takes a peer with its own id for itself, and says only that it is "not in 'Peer in Cluster' state". The ids of LVM and of
/// file systems may be the same on servers that came from one image: none of them ever sees another's disks.
pub(super) fn gluster_id_unique(hosts: &Hosts<'_>) -> Vec<Said> {
    let hint = "on the one that holds no bricks yet: `systemctl stop glusterd; rm -r /var/lib/glusterd`; on a region that runs, where \
                one of them was cloned from the other: `reset` the clone first";
    let said = hosts.shared("the Gluster id", |host| known(&host.probe.identity.gluster_id));
    said.into_iter().map(|said| said.hint(hint)).collect()
}

fn known(value: &str) -> Vec<String> {
    if value.is_empty() { Vec::new() } else { vec![value.to_owned()] }
}
