//! The lab's network namespace: two bridges, the operator's place, and the way out.
//!
//! Everything is inside the namespace. The way out is a user-mode network (`slirp4netns`): this machine needs no route,
//! no forwarding and no firewall rule for it, and when the namespace is gone there is nothing a packet could leave by.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnetwork::Ipv4Network;
use regionctl_plan::Argv;

use crate::daemon::{self, Process};
use crate::names::{TABLE, UPLINK, bridge, namespace, namespace_path};
use crate::paths::LabPaths;
use crate::recipe::Recipe;
use crate::record::Record;
use crate::run::{last_lines, run, run_with_input};
use crate::spec::{LabSpec, Network};
use crate::{LabError, wait};

/// The command prefix that runs a program in a network namespace and changes nothing else for it.
pub(crate) fn inside(namespace: &str) -> Argv {
    Argv::new("nsenter").arg(format!("--net={}", namespace_path(namespace).display()))
}

/// `ip` for a namespace.
pub(crate) fn ip(namespace: &str) -> Argv {
    Argv::new("ip").args(["-n", namespace])
}

/// Runs many `ip` commands at once. The first failure ends it.
pub(crate) async fn ip_batch(namespace: &str, commands: &str) -> Result<(), LabError> {
    run_with_input(&ip(namespace).args(["-batch", "-"]), commands).await.map(drop)
}

/// Makes a namespace unless it is there.
pub(crate) async fn ensure_namespace(name: &str) -> Result<(), LabError> {
    // A plain file is what a machine's reboot or a half `ip netns add` leaves: no namespace.
    if crate::mounts::is_mount(&namespace_path(name)) {
        return Ok(());
    }
    remove_namespace(name).await?;
    run(&Argv::new("ip").args(["netns", "add", name])).await.map(drop)
}

/// Removes a namespace if it is there.
pub(crate) async fn remove_namespace(name: &str) -> Result<(), LabError> {
    if namespace_path(name).exists() {
        run(&Argv::new("ip").args(["netns", "delete", name])).await?;
    }
    Ok(())
}

/// The interfaces of a namespace.
pub(crate) async fn interfaces(namespace: &str) -> Result<BTreeSet<String>, LabError> {
    let text = run(&ip(namespace).args(["-o", "link", "show"])).await?;
    Ok(text.lines().filter_map(interface_of_line).collect())
}

/// `7: p-a@if2: <…` is `p-a`.
fn interface_of_line(line: &str) -> Option<String> {
    let name = line.split(": ").nth(1)?;
    Some(name.split('@').next().unwrap_or(name).to_owned())
}

/// Brings the lab's network up; what is there is kept.
pub(crate) async fn up(record: &mut Record, paths: &LabPaths) -> Result<(), LabError> {
    let namespace = namespace(&record.spec.name);
    ensure_namespace(&namespace).await?;
    if !interfaces(&namespace).await?.contains(bridge(Network::Vrack)) {
        let sysctl = Argv::new("sysctl").args(["-q", "-w", "net.ipv4.ip_forward=1"]);
        run(&inside(&namespace).args(sysctl.words().iter().cloned())).await?;
        ip_batch(&namespace, &bridges(&record.spec)).await?;
    }
    let nft = inside(&namespace).args(["nft", "-f", "-"]);
    run_with_input(&nft, &ruleset(record)).await?;
    uplink(record, paths, &namespace).await
}

/// An address of the lab that is nobody's must not reach the outside: `unreachable` is what is left when a bridge is down.
fn bridges(spec: &LabSpec) -> String {
    let (public, vrack) = (bridge(Network::Public), bridge(Network::Vrack));
    let mut text = "link set lo up\n".to_owned();
    for cidr in [spec.public.cidr, spec.vrack.cidr] {
        let _ = writeln!(text, "route replace unreachable {}/{} metric 4294967295", cidr.network(), cidr.prefix());
    }
    let _ = writeln!(text, "link add {public} type bridge forward_delay 0");
    let _ = writeln!(text, "address add {}/{} dev {public}", spec.public.gateway, spec.public.cidr.prefix());
    let _ = writeln!(text, "link set {public} up");
    let _ = writeln!(text, "link add {vrack} type bridge forward_delay 0");
    let _ = writeln!(text, "link set {vrack} mtu {}", spec.vrack.mtu);
    let _ = writeln!(text, "link set {vrack} up");
    text
}

/// The nftables rules of the lab's namespace, replaced as a whole: masquerading, and the cuts between two hosts.
pub(crate) fn ruleset(record: &Record) -> String {
    let mut text = String::new();
    for family in ["inet", "bridge"] {
        let _ = writeln!(text, "table {family} {TABLE}\ndelete table {family} {TABLE}");
    }
    let _ = writeln!(
        text,
        "table inet {TABLE} {{\n  chain postrouting {{\n    type nat hook postrouting priority srcnat\n    oifname \"{UPLINK}\" masquerade\n  }}\n}}"
    );
    let _ = writeln!(text, "table bridge {TABLE} {{\n  chain forward {{\n    type filter hook forward priority 0");
    for (from, to) in crate::cut::severed(record) {
        let _ = writeln!(text, "    ether saddr {from} ether daddr {to} drop");
    }
    text.push_str("  }\n}\n");
    text
}

async fn uplink(record: &mut Record, paths: &LabPaths, namespace: &str) -> Result<(), LabError> {
    if record.uplink.is_none_or(|process| !process.is_alive()) {
        for process in strays(&record.spec.name) {
            process.kill("an uplink without a record").await?;
        }
        let argv = Argv::new("slirp4netns")
            .args(["--configure", "--mtu=65520", "--disable-host-loopback", "--netns-type=path"])
            .arg(format!("--cidr={}", record.uplink_cidr))
            .arg(namespace_path(namespace).display().to_string())
            .arg(UPLINK);
        let unit = format!("{namespace}.uplink");
        let log = paths.uplink_log();
        let process = daemon::start(&daemon::marks(&record.spec.name, ""), &unit, &argv, &log).await?;
        record.uplink = Some(process);
        record.save(paths)?;
        wait::until("the lab's uplink", Duration::from_secs(10), || ready(namespace, process, &log)).await?;
    }
    let via = uplink_host(record.uplink_cidr, 2);
    let mut commands = String::new();
    for address in &record.outside {
        let _ = writeln!(commands, "route replace {address}/32 via {via} dev {UPLINK}");
        // Hosts believe that the address is a neighbour: answer for it.
        let _ = writeln!(commands, "neigh replace proxy {address} dev {}", bridge(Network::Public));
    }
    ip_batch(namespace, &commands).await
}

async fn ready(namespace: &str, process: Process, log: &std::path::Path) -> Result<Option<()>, LabError> {
    if !process.is_alive() {
        return Err(LabError::Program {
            command: "slirp4netns".to_owned(),
            status: "ended".to_owned(),
            output: last_lines(&std::fs::read_to_string(log).unwrap_or_default(), 15),
            hint: "`/dev/net/tun` must exist".to_owned(),
        });
    }
    let routes = run(&ip(namespace).args(["route", "show", "default"])).await?;
    Ok(routes.contains(UPLINK).then_some(()))
}

/// Uplinks of a run that was killed before it could write them down.
fn strays(lab: &str) -> Vec<Process> {
    daemon::of_lab(lab).into_iter().filter(|(_, line)| line.starts_with("slirp4netns")).map(|(process, _)| process).collect()
}

fn uplink_host(cidr: Ipv4Network, host: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(cidr.network()) + host)
}

/// The name server that answers the hosts: it asks this machine's, wherever that is.
pub(crate) fn name_server(uplink: Ipv4Network) -> Ipv4Addr {
    uplink_host(uplink, 3)
}

/// A range for the link to the outside that meets none of the lab's.
pub(crate) fn pick_uplink(spec: &LabSpec, avoid: &BTreeSet<Ipv4Addr>) -> Result<Ipv4Network, LabError> {
    let shared = (64..128).map(|second| Ipv4Addr::new(100, second, 255, 0));
    let candidates = shared.chain([Ipv4Addr::new(10, 0, 2, 0), Ipv4Addr::new(172, 31, 255, 0), Ipv4Addr::new(192, 168, 255, 0)]);
    candidates
        .filter_map(|address| Ipv4Network::new(address, 24).ok())
        .find(|c| !c.overlaps(spec.public.cidr) && !c.overlaps(spec.vrack.cidr) && !avoid.iter().any(|a| c.contains(*a)))
        .ok_or_else(|| LabError::Spec {
            lab: spec.name.clone(),
            problems: vec!["its networks leave no range for the link to the outside".to_owned()],
        })
}

/// This machine's world as the lab will need it: its name servers and its mirrors.
pub(crate) async fn machine_addresses() -> BTreeSet<Ipv4Addr> {
    let mut found: BTreeSet<Ipv4Addr> = machine_name_servers().into_iter().collect();
    let recipe = Recipe::new(crate::Debian::Trixie, crate::HostKind::Container, &[]);
    for uri in [recipe.mirror, recipe.security_mirror] {
        let Some(authority) = uri.split("//").nth(1).and_then(|rest| rest.split('/').next()) else { continue };
        let with_port = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let Ok(addresses) = tokio::net::lookup_host(with_port).await else { continue };
        found.extend(addresses.filter_map(|a| match a.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }));
    }
    found
}

/// The name servers that this machine asks.
pub(crate) fn machine_name_servers() -> Vec<Ipv4Addr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("nameserver")?.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(public: &str, vrack: &str) -> LabSpec {
        serde_json::from_value(serde_json::json!({
            "name": "n",
            "public": {"cidr": public, "gateway": "198.51.100.1"},
            "vrack": {"cidr": vrack, "mtu": 1500},
            "hosts": []
        }))
        .unwrap()
    }

    #[test]
    fn the_uplink_avoids_the_labs_networks_and_the_machines_world() {
        let none = BTreeSet::new();
        assert_eq!(pick_uplink(&spec("198.51.100.0/24", "10.0.0.0/8"), &none).unwrap().to_string(), "100.64.255.0/24");
        let one = BTreeSet::from([Ipv4Addr::new(100, 64, 255, 9)]);
        assert_eq!(pick_uplink(&spec("198.51.100.0/24", "10.0.0.0/8"), &one).unwrap().to_string(), "100.65.255.0/24");
        let picked = pick_uplink(&spec("198.51.100.0/24", "100.64.0.0/10"), &none).unwrap();
        assert_eq!(picked.to_string(), "10.0.2.0/24");
        assert_eq!(name_server(picked), Ipv4Addr::new(10, 0, 2, 3));
        assert!(pick_uplink(&spec("198.51.100.0/24", "0.0.0.0/0"), &none).is_err());
    }

    #[test]
    fn interface_names_lose_their_peer() {
        assert_eq!(interface_of_line("7: p-a@if2: <BROADCAST> mtu 1500").as_deref(), Some("p-a"));
        assert_eq!(interface_of_line("1: lo: <LOOPBACK>").as_deref(), Some("lo"));
        assert_eq!(interface_of_line(""), None);
    }
}
