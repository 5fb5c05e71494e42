//! In the words of systemd-networkd. Of several files that match an interface it takes the first by name.

use std::fmt::Write as _;

use regionctl_engine::PRELUDE;
use regionctl_engine::want::{self, Undo, Want as _};
use regionctl_plan::Resource;

use super::{Wiring, in_place};

const FOLDER: &str = "/etc/systemd/network";
const NAMES: [&str; 5] = ["card.network", "vlan.netdev", "vlan.network", "bridge.netdev", "bridge.network"];

/// Every file that can be there, in some region.
pub fn all_files() -> impl Iterator<Item = String> {
    NAMES.into_iter().map(path)
}

fn path(name: &str) -> String {
    format!("{FOLDER}/05-regionctl-vrack-{name}")
}

pub fn wants(wiring: &Wiring<'_>) -> Vec<Resource> {
    let files = files(wiring);
    let paths: Vec<_> = files.iter().map(|(name, _)| path(name)).collect();
    let config: Vec<_> = paths.iter().map(String::as_str).collect();
    let unit = want::unit("systemd-networkd.service").enabled().active().config(config).reload().may_cut();
    let interfaces: Vec<_> = std::iter::once(wiring.card).chain(wiring.made()).collect();
    let again = format!("networkctl reload; networkctl reconfigure {}", interfaces.join(" "));
    let mut all = vec![want::directory(FOLDER)];
    all.extend(paths.iter().zip(files).map(|(path, (_, text))| want::file(path, text).may_cut()));
    all.push(unit);
    all.extend(wiring.made().map(made));
    all.push(in_place(wiring, &again));
    all
}

/// networkd makes what a file describes and never takes it away.
fn made(interface: &str) -> Resource {
    let there = format!("[ -e /sys/class/net/{interface} ]");
    let wait = format!("until_true 15 'networkd to make {interface}; see: networkctl status {interface}' {there}\n");
    let command = want::Command {
        run: &(PRELUDE.to_owned() + &wait),
        check: &there,
        guard: ":",
        undo: Undo::Run(&format!("ip link delete dev {interface}")),
    };
    want::command(&format!("the interface {interface} is made"), command).may_cut()
}

/// Names, after the common part, and contents.
fn files(wiring: &Wiring<'_>) -> Vec<(&'static str, String)> {
    let mut files = vec![("card.network", network(wiring, wiring.card))];
    if let Some((name, id)) = &wiring.vlan {
        files.push(("vlan.netdev", netdev(wiring, name, "vlan") + &format!("\n[VLAN]\nId={id}\n")));
        files.push(("vlan.network", network(wiring, name)));
    }
    if let Some(name) = wiring.bridge {
        files.push(("bridge.netdev", netdev(wiring, name, "bridge") + "\n[Bridge]\nSTP=no\n"));
        files.push(("bridge.network", network(wiring, name)));
    }
    files
}

fn netdev(wiring: &Wiring<'_>, name: &str, kind: &str) -> String {
    format!("# Written by regionctl.\n[NetDev]\nName={name}\nKind={kind}\nMTUBytes={}\n", wiring.mtu)
}

fn network(wiring: &Wiring<'_>, interface: &str) -> String {
    let mut text = format!(
        "# Written by regionctl.\n[Match]\nName={interface}\n\n[Link]\nMTUBytes={}\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\n",
        wiring.mtu
    );
    if interface == wiring.top() {
        let _ = writeln!(text, "ConfigureWithoutCarrier=yes\nAddress={}", wiring.address);
    } else {
        text += "LinkLocalAddressing=no\n";
    }
    let vlan = wiring.vlan.as_ref().filter(|_| interface == wiring.card).map(|(name, _)| name);
    if let Some(vlan) = vlan {
        let _ = writeln!(text, "VLAN={vlan}");
    }
    if let Some(bridge) = wiring.bridge.filter(|_| wiring.port() == Some(interface)) {
        let _ = writeln!(text, "Bridge={bridge}");
    }
    text
}
