//! Checks of preflight, each failing on a real host and through the real way in. What needs disks, another kernel or another key of the
//! host is tried elsewhere.

use std::collections::BTreeSet;

use regionctl_tests::region::{Failed, LabRegion, want};
use regionctl_tests::suite::Suite;

use super::document;

/// The check, what breaks a host, and what mends it.
const BREAKS: &[(&str, &str, &str)] = &[
    ("shell-quiet", "cp -a /root/.bashrc /run/; echo 'echo Welcome, dear guest' >/root/.bashrc", "cp -a /run/.bashrc /root/"),
    ("tools-present", "mv /usr/bin/findmnt /usr/bin/findmnt.away", "mv /usr/bin/findmnt.away /usr/bin/findmnt"),
    (
        "sshd-config-valid",
        "echo NoSuchOption yes >/etc/ssh/sshd_config.d/99-broken.conf",
        "rm /etc/ssh/sshd_config.d/99-broken.conf",
    ),
    ("hostname-valid", "hostname foo.example.org", "hostname one"),
    ("hostname-matches", "hostname other", "hostname one"),
    ("machine-id-present", "cp /etc/machine-id /run/id; : >/etc/machine-id", "cp /run/id /etc/machine-id"),
    ("systemd-healthy", "systemd-run -q --wait --unit=broken false || :", "systemctl reset-failed broken"),
    ("tmp-writable", "mount -t tmpfs -o ro tmpfs /tmp", "umount /tmp"),
    (
        "state-writable",
        "mkdir -p /var/lib/regionctl; mount -t tmpfs -o ro tmpfs /var/lib/regionctl",
        "umount /var/lib/regionctl; rmdir /var/lib/regionctl",
    ),
    (
        "space-left",
        "mkdir -p /var/lib/regionctl; mount -t tmpfs -o size=1m tmpfs /var/lib/regionctl; head -c 950k /dev/zero >/var/lib/regionctl/f",
        "umount /var/lib/regionctl; rmdir /var/lib/regionctl",
    ),
    ("reboot-required", "touch /run/reboot-required", "rm /run/reboot-required"),
    ("dns-servers-present", "cp -a /etc/resolv.conf /run/resolv; : >/etc/resolv.conf", "cp -a /run/resolv /etc/resolv.conf"),
    ("ranges-free", "ip route add 10.91.0.0/24 dev eno2", "ip route del 10.91.0.0/24 dev eno2"),
    (
        "firewall-foreign",
        "apt-get -qq update && apt-get -qq -y install nftables >/dev/null; nft 'add table inet foreign; add chain inet foreign forward { type filter hook forward priority 0; policy drop; }'",
        "nft delete table inet foreign; apt-get -qq -y purge nftables >/dev/null",
    ),
    ("vrack-address-present", "ip address del 10.90.0.11/24 dev eno2", "ip address add 10.90.0.11/24 dev eno2"),
    (
        "vrack-prefix",
        "ip address del 10.90.0.11/24 dev eno2; ip address add 10.90.0.11/25 dev eno2",
        "ip address del 10.90.0.11/25 dev eno2; ip address add 10.90.0.11/24 dev eno2",
    ),
    (
        "vrack-address-collision",
        "ip address add 10.90.0.12/32 dev lo; ip address add 10.90.0.12/32 dev eno2",
        "ip address del 10.90.0.12/32 dev eno2; ip address del 10.90.0.12/32 dev lo",
    ),
    ("mtu-local", "ip link set eno2 mtu 1400", "ip link set eno2 mtu 1500"),
    ("ping-present", "mv /usr/bin/ping /usr/bin/ping.away", "mv /usr/bin/ping.away /usr/bin/ping"),
    (
        "apt-reachable",
        "echo 'deb http://10.90.0.12:81/none trixie main' >/etc/apt/sources.list.d/none.list",
        "rm /etc/apt/sources.list.d/none.list",
    ),
    ("packages-held", "apt-mark hold openssh-server", "apt-mark unhold openssh-server"),
    (
        "packages-kept-away",
        "printf 'Package: chrony\\nPin: release *\\nPin-Priority: -1\\n' >/etc/apt/preferences.d/site",
        "rm /etc/apt/preferences.d/site",
    ),
    ("container-runtime-foreign", "systemd-run -q --unit=containerd sleep 600", "systemctl stop containerd"),
    ("config-manager-foreign", "systemd-run -q --unit=puppet sleep 600", "systemctl stop puppet"),
    ("files-shared", "printf '#!/bin/sh\\n' >/usr/bin/cloud-init; chmod 0755 /usr/bin/cloud-init", "rm /usr/bin/cloud-init"),
    ("gluster-existing", "mkdir -p /var/lib/glusterd/vols/foreign", "rm -r /var/lib/glusterd"),
    ("kubernetes-existing", "mkdir /etc/kubernetes; touch /etc/kubernetes/admin.conf", "rm -r /etc/kubernetes"),
    ("proxmox-existing", "touch /usr/bin/pveversion", "rm /usr/bin/pveversion"),
];

pub fn all(suite: &mut Suite) -> Result<(), Failed> {
    let region = LabRegion::up_with("day2checks", |_| {
        document("day2checks", &["one", "two"]).replace("  lab:", "  vpn: {servers: [one]}\n  lab:")
    })?;
    let before = said(&region)?;
    for (check, broken, mended) in BREAKS {
        suite.step(format!("`{check}` fails on a host where it should"), || {
            region.on("one", broken)?;
            let all = said(&region);
            region.on("one", mended)?;
            let all = all?;
            let named = |said: &BTreeSet<String>| said.iter().any(|line| line.contains(&format!(": {check} on one")));
            want(named(&all), || format!("nothing is said of {check}: {all:#?}"))?;
            want(!named(&before), || format!("{check} fails before anything is broken"))
        });
    }
    suite.step("two servers with one Gluster id are named", || {
        let id = "mkdir -p /var/lib/glusterd; echo UUID=5c1b0f0e-8e8a-4f5a-9a54-6a3d3f5d7f10 >/var/lib/glusterd/glusterd.info";
        ["one", "two"].iter().try_for_each(|host| region.on(host, id).map(drop))?;
        let all = said(&region);
        ["one", "two"].iter().try_for_each(|host| region.on(host, "rm -r /var/lib/glusterd").map(drop))?;
        let all = all?;
        want(all.iter().any(|line| line.contains("gluster-id-unique on two")), || format!("{all:#?}"))
    });
    suite.step("mended, nothing of it is said any more", || {
        let after = said(&region)?;
        want(after == before, || format!("{before:#?}\nthen\n{after:#?}"))
    });
    Ok(())
}

/// What preflight finds, however it ends; what it measures may differ from one time to the next.
fn said(region: &LabRegion) -> Result<BTreeSet<String>, Failed> {
    let output = region.run(&["--lab", "preflight"])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let measured = |line: &str| ["disk-write-", "pair-", "clock-skew-"].iter().any(|check| line.contains(check));
    let found = |line: &&str| (line.starts_with("warning: ") || line.starts_with("error: ")) && !measured(line);
    Ok(text.lines().filter(found).map(str::to_owned).collect())
}
