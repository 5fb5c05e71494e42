//! `regionctl lab status`

use std::path::Path;

use regionctl_lab::{CutTarget, HostKind, Lab, LabStatus, Substitution};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::lab;
use crate::region::Region;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::verbs::Context;

/// What is printed with `-o json`.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    status: LabStatus,
    folder: String,
    identity: String,
    substitutions: Vec<Substitution>,
}

/// Says how the lab is.
pub fn run(context: &Context, region: &Region) -> Result<Exit, Failure> {
    let up = Lab::open(region.name()).map_err(|error| lab::failure(&error))?;
    print(context, &up)?;
    Ok(Exit::Done)
}

/// Prints a lab.
pub fn print(context: &Context, up: &Lab) -> Result<(), Failure> {
    let report = Report {
        status: up.status(),
        folder: up.folder().display().to_string(),
        identity: up.identity_file().display().to_string(),
        substitutions: up.substitutions(),
    };
    context.output.data(&report, |style| text(&report, style))
}

/// The option that names the inventory, if it is not the usual file.
pub fn named(context: &Context) -> String {
    if context.file == Path::new("region.yaml") { String::new() } else { format!(" -f {}", context.file.display()) }
}

fn text(report: &Report, style: &Style) -> String {
    let status = &report.status;
    let mut table = Table::new(["host", "power", "kind", "debian", "public", "vrack", "cut from"]);
    for host in &status.hosts {
        let power = if host.pid.is_some() { Cell::new(style.good, "on") } else { Cell::new(style.error, "off") };
        let kind = match host.kind {
            HostKind::Container => "container",
            HostKind::Vm => "vm",
        };
        let cuts: Vec<_> = status.cuts.iter().filter_map(|cut| cut_from(cut, &host.name)).collect();
        let vrack = host.vrack_address.map(|address| address.to_string()).unwrap_or_default();
        table.row([
            host.name.as_str().into(),
            power,
            kind.into(),
            host.debian.to_string().into(),
            host.public_address.to_string().into(),
            vrack.into(),
            Cell::new(style.warning, cuts.join(", ")),
        ]);
    }
    let mut out = table.render(style);
    if !status.network {
        out += &format!(
            "{} the network is gone, as after a reboot; `regionctl lab up` brings it back\n",
            style.paint(style.warning, "warning:")
        );
    } else if !status.uplink {
        out += &format!(
            "{} the hosts cannot reach the outside; `regionctl lab up` mends it\n",
            style.paint(style.warning, "warning:")
        );
    }
    for substitution in &report.substitutions {
        out += &format!("{} {substitution}\n", style.paint(style.dim, "substituted:"));
    }
    out
}

/// What a cut takes from a host, seen from either side.
fn cut_from(cut: &regionctl_lab::Cut, host: &str) -> Option<String> {
    match &cut.target {
        CutTarget::Network(network) => (cut.host == host).then(|| network.to_string()),
        CutTarget::Peer(peer) if cut.host == host => Some(peer.clone()),
        CutTarget::Peer(peer) => (peer == host).then(|| cut.host.clone()),
    }
}
