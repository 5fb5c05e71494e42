//! A QEMU host beside a container. Needs root, and takes minutes without KVM.
#![allow(missing_docs, reason = "tests are read by their names")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic: that is how it fails")]

mod common;

use std::time::Instant;

use common::{PRINT, left_by, machine, processes, spec, ssh, try_ssh};
use regionctl_lab::{CutTarget, Force, Network, Power, cut, down, heal, power, up};

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_has_its_own_kernel_and_shares_the_networks() {
    let name = "t-vm";
    let wanted = spec(
        r#"{
            "name": "t-vm",
            "public": {"cidr": "198.51.100.0/24", "gateway": "198.51.100.1"},
            "vrack": {"cidr": "10.21.0.0/24", "mtu": 9000},
            "user": "admin",
            "hosts": [
                {"name": "machine", "kind": "vm", "debian": 13, "public_address": "198.51.100.11", "vrack_address": "10.21.0.11",
                 "memory_mib": 1024, "ssh_port": 2222,
                 "disks": [{"device": "/dev/sdb", "bytes": 1073741824}, {"device": "/dev/disk/by-lab/data", "bytes": 67108864}]},
                {"name": "container", "debian": 13, "public_address": "198.51.100.12", "vrack_address": "10.21.0.12"}
            ]
        }"#,
    );
    down(name).await.unwrap();
    let before = machine();
    let begun = Instant::now();
    let lab = up(&wanted, PRINT).await.unwrap();
    println!("up in {:.1} s", begun.elapsed().as_secs_f32());

    let release = ssh(&lab, "machine", "uname -r");
    assert!(release.contains("cloud-amd64"), "{release}");
    assert_eq!(ssh(&lab, "machine", "id -un; runuser -u admin -- sudo -n id -un"), "root\nroot\n");
    assert_eq!(ssh(&lab, "machine", "blockdev --getsize64 /dev/sdb /dev/disk/by-lab/data"), "1073741824\n67108864\n");
    ssh(&lab, "machine", "modprobe dm_crypt && modprobe 8021q && sysctl -w vm.swappiness=1");
    let jumbo = |to: &str| format!("ping -c 1 -W 2 -M do -s 8972 {to}");
    ssh(&lab, "container", &jumbo("10.21.0.11"));
    ssh(&lab, "machine", &jumbo("10.21.0.12"));
    ssh(&lab, "machine", "apt-get update -q");

    cut(name, "machine", CutTarget::Network(Network::Vrack)).await.unwrap();
    assert!(try_ssh(&lab, "container", &jumbo("10.21.0.11")).is_err());
    heal(name, "machine", CutTarget::Network(Network::Vrack)).await.unwrap();
    ssh(&lab, "container", &jumbo("10.21.0.11"));

    ssh(&lab, "machine", "mkfs.ext4 -q /dev/sdb && mount /dev/sdb /mnt && echo kept > /mnt/file && sync");
    for force in [Force::Hard, Force::Soft] {
        let begun = Instant::now();
        power(name, "machine", Power::Off(force)).await.unwrap();
        println!("{force:?} off in {:.1} s", begun.elapsed().as_secs_f32());
        assert!(try_ssh(&lab, "container", &jumbo("10.21.0.11")).is_err());
        let begun = Instant::now();
        power(name, "machine", Power::On).await.unwrap();
        println!("on in {:.1} s", begun.elapsed().as_secs_f32());
        assert_eq!(ssh(&lab, "machine", "mount /dev/sdb /mnt && cat /mnt/file").trim(), "kept");
    }

    down(name).await.unwrap();
    assert_eq!(left_by(name, &before), Vec::<String>::new());
    assert_eq!(processes(name), Vec::<String>::new());
}
