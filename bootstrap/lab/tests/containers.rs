//! Container hosts, for real. Needs root, and the network once for the images.
#![allow(missing_docs, reason = "tests are read by their names")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic: that is how it fails")]

mod common;

use std::time::{Duration, Instant};

use common::{HOST_FILE, PRINT, alone, left_by, machine, output, processes, spec, ssh, try_ssh};
use regionctl_lab::{CutTarget, Force, Lab, LabError, LabSpec, Network, Power, cut, down, heal, power, status, up};

fn two(name: &str) -> LabSpec {
    spec(&format!(
        r#"{{
            "name": "{name}",
            "public": {{"cidr": "203.0.113.0/24", "gateway": "203.0.113.1"}},
            "vrack": {{"cidr": "10.20.0.0/24", "mtu": 9000, "vlan": 1001}},
            "hosts": [
                {{"name": "old", "debian": 12, "public_address": "203.0.113.12", "vrack_address": "10.20.0.12",
                  "disks": [{{"device": "/dev/sdb", "bytes": 1073741824}}, {{"device": "/dev/nvme0n1", "bytes": 67108864}}]}},
                {{"name": "a-host-with-a-long-name", "debian": 13, "public_address": "203.0.113.13", "vrack_address": "10.20.0.13",
                  "vrack_interface": "enp65s0f1", "vrack_mac": "02:00:00:AA:BB:CC"}}
            ]
        }}"#
    ))
}

const LONG: &str = "a-host-with-a-long-name";

fn ping(lab: &Lab, from: &str, to: &str, size: u32) -> Result<String, String> {
    try_ssh(lab, from, &format!("ping -c 1 -W 1 -M do -s {size} {to}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_lives_and_leaves_nothing() {
    let _alone = alone().await;
    let name = "t-life";
    down(name).await.unwrap();
    let before = machine();
    let begun = Instant::now();
    let lab = up(&two(name), PRINT).await.unwrap();
    println!("up in {:.1} s", begun.elapsed().as_secs_f32());

    hosts_are_real(&lab);
    networks_work(&lab);
    disks_work(&lab);
    a_reboot_from_inside(&lab).await;
    links_are_cut_and_healed(&lab, name).await;
    power_goes_and_comes(&lab, name).await;
    up_again_changes_nothing(name).await;
    what_died_comes_back(&lab, name).await;

    // What a host attaches itself is gone with it.
    let attach = format!("truncate -s 10M {HOST_FILE} && losetup -f {HOST_FILE} && losetup -a | grep -q {HOST_FILE}");
    ssh(&lab, "old", &attach);
    let begun = Instant::now();
    down(name).await.unwrap();
    println!("down in {:.1} s", begun.elapsed().as_secs_f32());
    assert_eq!(left_by(name, &before), Vec::<String>::new());
    assert_eq!(processes(name), Vec::<String>::new());
    assert!(!lab.folder().exists());
    assert!(matches!(status(name), Err(LabError::NoSuchLab { .. })));
    let error = regionctl_lab::enter_command(name).unwrap_err().to_string();
    assert!(error.contains("no lab `t-life` is up") && error.contains("hint:"), "{error}");
    down(name).await.unwrap();
}

fn hosts_are_real(lab: &Lab) {
    for (host, version) in [("old", "12"), (LONG, "13")] {
        assert_eq!(ssh(lab, host, "hostname").trim(), host);
        assert_eq!(ssh(lab, host, ". /etc/os-release; echo $VERSION_ID").trim(), version);
        assert_eq!(ssh(lab, host, "systemctl is-system-running --wait").trim(), "running");
    }
    let id = |host| ssh(lab, host, "cat /etc/machine-id; cat /etc/ssh/ssh_host_*.pub");
    assert_ne!(id("old"), id(LONG));
    // The machine's own settings are out of reach; the network's are the host's.
    assert!(try_ssh(lab, "old", "sysctl -w vm.swappiness=1").is_err());
    ssh(lab, "old", "sysctl -w net.ipv4.ip_forward=1");
    assert!(try_ssh(lab, "old", "date -s 2001-01-01").is_err());
    let printed: Vec<_> = lab.substitutions().iter().map(ToString::to_string).collect();
    assert!(printed.iter().any(|line| line == "vrack in VLAN 1001: untagged"), "{printed:?}");
}

fn networks_work(lab: &Lab) {
    ping(lab, "old", "10.20.0.13", 8972).unwrap();
    assert!(ping(lab, "old", "10.20.0.13", 8973).is_err());
    ping(lab, LONG, "203.0.113.12", 1472).unwrap();
    let link = ssh(lab, LONG, "ip -o link show enp65s0f1");
    assert!(link.contains("mtu 9000") && link.contains("02:00:00:aa:bb:cc"), "{link}");
    for host in ["old", LONG] {
        ssh(lab, host, "apt-get update -q");
    }
    // An address that nobody has stays in the lab: no way out answers for it.
    for address in ["203.0.113.200", "10.20.0.200"] {
        let enter = regionctl_lab::enter_command(&lab.spec().name).unwrap();
        let route = output(&enter.args(["ip", "route", "get", address]));
        let text = String::from_utf8_lossy(&route.stdout).into_owned();
        assert!(!text.contains("uplink"), "{text}");
    }
    let route = output(&regionctl_plan::Argv::new("ip").args(["route", "show", "203.0.113.0/24"]));
    assert!(route.stdout.is_empty(), "this machine has no way to the hosts outside of the lab");
}

fn disks_work(lab: &Lab) {
    assert_eq!(ssh(lab, "old", "blockdev --getsize64 /dev/sdb /dev/nvme0n1"), "1073741824\n67108864\n");
    ssh(lab, "old", "mkfs.ext4 -q /dev/sdb && mount /dev/sdb /mnt && echo kept > /mnt/file && sync && umount /mnt");
    ssh(lab, "old", "truncate -s 20M /root/l && mkfs.ext4 -q /root/l && mount -o loop /root/l /mnt && umount /mnt && rm /root/l");
}

async fn a_reboot_from_inside(lab: &Lab) {
    let boot = |lab: &Lab| try_ssh(lab, "old", "systemctl show --property=UserspaceTimestampMonotonic; cat /run/before");
    ssh(lab, "old", "touch /run/before && echo survives > /root/reboot");
    let _ = try_ssh(lab, "old", "systemctl reboot");
    let begun = Instant::now();
    while boot(lab).is_ok() || try_ssh(lab, "old", "true").is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the host did not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ssh(lab, "old", "cat /root/reboot").trim(), "survives");
    ping(lab, "old", "10.20.0.13", 8972).unwrap();
}

async fn links_are_cut_and_healed(lab: &Lab, name: &str) {
    cut(name, "old", CutTarget::Network(Network::Vrack)).await.unwrap();
    assert!(ping(lab, LONG, "10.20.0.12", 56).is_err());
    assert!(ssh(lab, "old", "ip -o link show eno2").contains("NO-CARRIER"));
    ping(lab, LONG, "203.0.113.12", 56).unwrap();
    assert_eq!(status(name).unwrap().cuts.len(), 1);
    heal(name, "old", CutTarget::Network(Network::Vrack)).await.unwrap();
    ping(lab, LONG, "10.20.0.12", 56).unwrap();

    cut(name, "old", CutTarget::Peer(LONG.into())).await.unwrap();
    assert!(ping(lab, LONG, "10.20.0.12", 56).is_err());
    assert!(ping(lab, "old", "203.0.113.13", 56).is_err());
    assert!(!ssh(lab, "old", "ip -o link show eno2").contains("NO-CARRIER"));
    heal(name, LONG, CutTarget::Peer("old".into())).await.unwrap();
    assert!(status(name).unwrap().cuts.is_empty());
    ping(lab, LONG, "10.20.0.12", 56).unwrap();
    assert!(matches!(cut(name, "nobody", CutTarget::Network(Network::Vrack)).await, Err(LabError::NoSuchHost { .. })));
}

async fn power_goes_and_comes(lab: &Lab, name: &str) {
    for force in [Force::Soft, Force::Hard] {
        ssh(lab, "old", "echo written > /root/power; mount /dev/sdb /mnt");
        let begun = Instant::now();
        power(name, "old", Power::Off(force)).await.unwrap();
        println!("{force:?} off in {:.1} s", begun.elapsed().as_secs_f32());
        assert!(ping(lab, LONG, "10.20.0.12", 56).is_err());
        assert!(status(name).unwrap().hosts.iter().any(|h| h.name == "old" && h.pid.is_none()));
        let begun = Instant::now();
        power(name, "old", Power::On).await.unwrap();
        println!("on in {:.1} s", begun.elapsed().as_secs_f32());
        assert_eq!(ssh(lab, "old", "cat /root/power && rm /root/power").trim(), "written");
        assert_eq!(ssh(lab, "old", "mount /dev/sdb /mnt && cat /mnt/file && umount /mnt").trim(), "kept");
    }
    power(name, "old", Power::Cycle(Force::Hard)).await.unwrap();
    ping(lab, "old", "10.20.0.13", 8972).unwrap();
}

async fn up_again_changes_nothing(name: &str) {
    let pids = || status(name).unwrap().hosts.iter().map(|h| h.pid).collect::<Vec<_>>();
    let before = pids();
    let begun = Instant::now();
    up(&two(name), PRINT).await.unwrap();
    println!("up again in {:.2} s", begun.elapsed().as_secs_f32());
    assert_eq!(before, pids());
    let mut other = two(name);
    other.hosts[0].disks.clear();
    assert!(matches!(up(&other, PRINT).await, Err(LabError::Changed { .. })));
}

async fn what_died_comes_back(lab: &Lab, name: &str) {
    for host in status(name).unwrap().hosts {
        let pid = host.pid.unwrap().to_string();
        assert!(output(&regionctl_plan::Argv::new("kill").args(["-KILL", &pid])).status.success());
    }
    up(&two(name), PRINT).await.unwrap();
    ping(lab, "old", "10.20.0.13", 8972).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn down_needs_no_record() {
    let _alone = alone().await;
    let name = "t-norec";
    down(name).await.unwrap();
    let before = machine();
    let mut wanted = two(name);
    wanted.hosts.truncate(1);
    let lab = up(&wanted, PRINT).await.unwrap();
    std::fs::remove_file(lab.folder().join("lab.json")).unwrap();
    down(name).await.unwrap();
    assert_eq!(left_by(name, &before), Vec::<String>::new());
    assert_eq!(processes(name), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_this_machines_world_is_refused() {
    let _alone = alone().await;
    let name = "t-clash";
    let mut wanted = two(name);
    let Ok(mut found) = tokio::net::lookup_host("deb.debian.org:80").await else { return };
    let Some(std::net::IpAddr::V4(mirror)) = found.find(|a| a.is_ipv4()).map(|a| a.ip()) else { return };
    wanted.public.cidr = ipnetwork::Ipv4Network::new(mirror, 24).unwrap();
    let base = u32::from(wanted.public.cidr.network());
    wanted.public.gateway = (base + if u32::from(mirror) == base + 254 { 253 } else { 254 }).into();
    wanted.hosts.truncate(1);
    wanted.hosts[0].public_address = mirror;
    let error = up(&wanted, PRINT).await.unwrap_err().to_string();
    assert!(error.contains("package mirror"), "{error}");
    down(name).await.unwrap();
}
