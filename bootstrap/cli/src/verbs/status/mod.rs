//! `regionctl status`

mod certificates;
mod disks;
mod encryption;
mod gateway;
mod heal;
mod leavers;
mod look;
mod pairs;
mod services;
mod space;
mod vpn;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use regionctl_engine::{Engine, Goal, HostError, Survey, Surveyed};
use regionctl_plan::Plan;
use serde::Serialize;

use self::certificates::Certificates;
use self::disks::Disks;
use self::encryption::Encryption;
use self::gateway::Gateway;
use self::heal::Volume;
use self::leavers::Leavers;
use self::pairs::Pairs;
use self::services::Services;
use self::space::Space;
use self::vpn::Vpn;
use super::Context;
use crate::args::{Contact, Identity, Selection};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::render::words::list;
use crate::survey;
use crate::vault::Vault;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// end with exit code 2 if something is not as wanted
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    identity: Identity,
}

/// What is printed with `-o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    region: String,
    release: String,
    /// The newest that this folder knows.
    generation: Option<u64>,
    hosts: BTreeMap<String, HostStatus>,
    volumes: Vec<Volume>,
    /// Servers that left the inventory and were not given back.
    leavers: Leavers,
    /// Disks and arrays that are not well.
    disks: Disks,
    /// File systems that are nearly full.
    space: Space,
    #[serde(skip_serializing_if = "Option::is_none")]
    vrack: Option<Pairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<Gateway>,
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Services>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpn: Option<Vpn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<Encryption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Certificates>,
}

/// A part of the answer that a region may have.
trait Section {
    /// False if something of it ails.
    fn is_well(&self) -> bool;

    /// What people read of it, each line ended; empty if there is nothing to say.
    fn text(&self, style: &Style) -> String;
}

impl Report {
    /// What the region has, in the order in which it is read.
    fn sections(&self) -> impl Iterator<Item = &dyn Section> {
        let sections: [Option<&dyn Section>; 9] = [
            Some(&self.leavers),
            Some(&self.disks),
            Some(&self.space),
            self.vrack.as_ref().map(|section| section as _),
            self.gateway.as_ref().map(|section| section as _),
            self.services.as_ref().map(|section| section as _),
            self.vpn.as_ref().map(|section| section as _),
            self.encryption.as_ref().map(|section| section as _),
            self.certificates.as_ref().map(|section| section as _),
        ];
        sections.into_iter().flatten()
    }
}

/// How a host is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostStatus {
    /// True if it answered.
    reachable: bool,
    error: Option<String>,
    os: Option<String>,
    generation: Option<u64>,
    layers: BTreeMap<String, LayerStatus>,
    /// Who works on it now: owner and verb.
    lock: Option<String>,
    /// Our units that run now.
    running: Vec<String>,
}

/// How a layer is on a host.
#[derive(Serialize)]
struct LayerStatus {
    wanted: usize,
    /// What is not as wanted.
    drift: Vec<String>,
}

impl HostStatus {
    fn drift(&self) -> impl Iterator<Item = &String> {
        self.layers.values().flat_map(|layer| &layer.drift)
    }
}

/// Asks the hosts how they are. Changes nothing.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    let selection = region.select(&args.selection)?;
    let vault = Arc::new(Vault::open(&region, &args.identity.identity)?);
    let engine = region.engine_with(&args.contact, &vault, &context.output)?;
    let survey = survey::ask(&engine, &selection, &Goal::Wanted, &context.output).await;
    let plan = engine.plan(&survey, &selection, &Goal::Wanted).map_err(|error| super::no_plan(&error))?;
    let volumes = volumes(&engine, &survey, context).await;
    let inventory = &region.inventory.region;
    let answers = look::ask(&engine, inventory, &survey, &context.output).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let hosts = survey.iter().map(|(name, answer)| (name.clone(), host_status(name, answer, &plan))).collect();
    let report = Report {
        region: region.name().to_owned(),
        release: inventory.spec.release.clone(),
        generation: plan.parent,
        hosts,
        volumes,
        leavers: leavers::section(&region)?,
        disks: disks::section(inventory, &answers),
        space: space::section(inventory, &answers),
        vrack: pairs::section(inventory, &survey, &answers),
        gateway: gateway::section(inventory, &survey),
        services: services::section(inventory, &survey, &answers),
        vpn: vpn::section(&survey, &answers),
        encryption: encryption::section(&survey, &answers),
        certificates: certificates::section(&vault, now),
    };
    context.output.data(&report, |style| text(&report, style))?;
    let well = report.volumes.iter().all(Volume::is_well) && report.sections().all(Section::is_well);
    let as_wanted = plan.is_empty() && well && answers.complete;
    match survey::exit(&survey) {
        Exit::Done if args.exit_code && !as_wanted => Ok(Exit::Pending),
        exit => Ok(exit),
    }
}

/// Any server of the volumes can tell of all of them: the first that answers is asked. Volumes that are there are never left out.
async fn volumes(engine: &Engine, survey: &Survey, context: &Context) -> Vec<Volume> {
    let mut volumes = Vec::new();
    let script = heal::script();
    for (name, _) in look::views(survey).filter(|(_, view)| look::has_role(view, "gluster/server")) {
        let Some(remote) = engine.remotes().get(name) else { continue };
        let asked = survey::during(&context.output, "asking for volumes", remote.script("asking for volumes", &script));
        volumes = asked.await.map(|text| heal::read(&text)).unwrap_or_default();
        if !volumes.is_empty() {
            break;
        }
    }
    for name in look::views(survey).flat_map(|(_, view)| look::names_of(view, "gluster_volume")) {
        if !volumes.iter().any(|volume| volume.volume == name) {
            volumes.push(Volume::silent(name));
        }
    }
    volumes
}

fn host_status(name: &str, answer: &Result<Surveyed, HostError>, plan: &Plan) -> HostStatus {
    let surveyed = match answer {
        Ok(surveyed) => surveyed,
        Err(error) => {
            let (error, layers) = (Some(error.to_string()), BTreeMap::new());
            return HostStatus { reachable: false, error, os: None, generation: None, layers, lock: None, running: Vec::new() };
        }
    };
    let facts = &surveyed.view.facts;
    let of_host = plan.stages.iter().filter_map(|stage| Some((stage.layer.clone(), stage.hosts.get(name)?)));
    let layers = of_host.map(|(layer, on)| {
        let drift = on.changes.iter().map(|change| change.id().to_string()).collect();
        (layer, LayerStatus { wanted: on.wanted.len(), drift })
    });
    let live = surveyed.lease.as_ref().filter(|lease| lease.expires > surveyed.clock);
    HostStatus {
        reachable: true,
        error: None,
        os: Some(format!("{} {}", facts.os, facts.os_version)),
        generation: facts.generation,
        layers: layers.collect(),
        lock: live.map(|lease| format!("{} ({})", lease.owner, lease.verb)),
        running: facts.running_units.clone(),
    }
}

fn text(report: &Report, style: &Style) -> String {
    let generation = report.generation.map_or_else(|| "not installed yet".to_owned(), |n| format!("generation {n}"));
    let head = style.paint(style.head, format!("region {}", clean(&report.region)));
    let mut out = format!("{head}: release {}, {generation}\n\n", clean(&report.release));
    let mut table = Table::new(["host", "state", "os", "generation", "layers", "lock"]);
    for (name, host) in &report.hosts {
        let drift = host.drift().count();
        let state = match (host.reachable, drift) {
            (false, _) => Cell::new(style.error, "no answer"),
            (true, 0) => Cell::new(style.good, "as wanted"),
            (true, n) => Cell::new(style.warning, format!("{n} not as wanted")),
        };
        let layer = |(name, layer): (&String, &LayerStatus)| {
            format!("{} {}/{}", clean(name), layer.wanted.saturating_sub(layer.drift.len()), layer.wanted)
        };
        let layers: Vec<_> = host.layers.iter().map(layer).collect();
        table.row([
            clean(name).into(),
            state,
            clean(host.os.as_deref().unwrap_or_default()).into(),
            host.generation.map(|n| n.to_string()).unwrap_or_default().into(),
            layers.join(", ").into(),
            clean(host.lock.as_deref().unwrap_or_default()).into(),
        ]);
    }
    out += &table.render(style);
    if !report.volumes.is_empty() {
        out += &format!("\n{}", volumes_text(&report.volumes, style));
    }
    for text in report.sections().map(|section| section.text(style)).filter(|text| !text.is_empty()) {
        out += &format!("\n{text}");
    }
    let drifted: Vec<_> = report.hosts.iter().filter(|(_, host)| host.drift().next().is_some()).collect();
    if !drifted.is_empty() {
        out.push('\n');
        for (name, host) in &drifted {
            let ids: Vec<_> = host.drift().map(|id| clean(id)).collect();
            out += &format!("{}: {}\n", clean(name), list(&ids, 5));
        }
        out += &hint_line("`regionctl plan` shows what differs, `regionctl install` mends it", style);
    }
    out
}

fn volumes_text(volumes: &[Volume], style: &Style) -> String {
    let mut table = Table::new(["volume", "state", "bricks online", "to heal"]);
    for volume in volumes {
        let online = volume.bricks.iter().filter(|brick| brick.connected).count();
        let to_heal = volume.bricks.iter().filter_map(|brick| brick.to_heal).fold(0, u64::saturating_add);
        let split = volume.bricks.iter().map(|brick| brick.split_brain).fold(0, u64::saturating_add);
        let state = match &volume.message {
            Some(message) => Cell::new(style.dim, clean(message)),
            None if split > 0 => Cell::new(style.error, "split brain"),
            None if volume.bricks.is_empty() => Cell::new(style.error, "does not answer"),
            None if online < volume.bricks.len() => {
                let away =
                    volume.bricks.iter().filter(|brick| !brick.connected).map(|brick| clean(&brick.brick)).collect::<Vec<_>>();
                Cell::new(style.error, format!("away: {}", list(&away, 5)))
            }
            None if to_heal > 0 => Cell::new(style.warning, "healing"),
            None => Cell::new(style.good, "healed"),
        };
        table.row([
            clean(&volume.volume).into(),
            state,
            format!("{online}/{}", volume.bricks.len()).into(),
            to_heal.to_string().into(),
        ]);
    }
    table.render(style)
}
