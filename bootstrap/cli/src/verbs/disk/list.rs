//! `regionctl disk list`

use std::collections::BTreeMap;

use regionctl_inventory::{self as inventory, Disk, DiskLayout, Server, Size};
use regionctl_roles::preflight::{Array, HostProbe, ailments, disks_script, smart_of};
use serde::Serialize;

use super::Context;
use crate::args::{Contact, Hosts};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::survey;

/// What blkid calls an encrypted container.
const LUKS: &str = "crypto_LUKS";

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    contact: Contact,
}

/// What is printed with `-o json`.
#[derive(Serialize)]
struct Listing {
    disks: Vec<Row>,
    /// The software RAID arrays, by server.
    arrays: BTreeMap<String, Vec<Array>>,
}

/// A data disk.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    server: String,
    disk: String,
    /// As the inventory names it.
    device: String,
    /// Where that leads; empty if there is nothing.
    target: String,
    /// In bytes.
    size: u64,
    model: String,
    serial: String,
    layout: DiskLayout,
    /// Whether it is now, whatever the inventory wants.
    encrypted: bool,
    /// What is recognised on the device itself: `xfs`, `crypto_LUKS`, …
    holds: Vec<String>,
    bricks: Vec<Brick>,
    smart: Health,
    /// What is wrong, if something is.
    ails: Option<String>,
}

/// A brick on a disk, as the inventory wants it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Brick {
    volume: String,
    /// Where its file system is mounted.
    mount: String,
    arbiter: bool,
}

/// What a disk says of its own health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Health {
    Passed,
    Failing,
    /// Nobody can ask it, or it does not say.
    Unknown,
}

/// What a server said of its disks, or why it is not known.
type Answer = Result<HostProbe, String>;

/// Lists the data disks and how they are. Changes nothing.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let output = &context.output;
    let region = Region::load(&context.file)?;
    let selection = region.select(&args.hosts.clone().into())?;
    let engine = region.engine(&args.contact, output)?;
    let servers = region.inventory.region.servers().iter().filter(|server| selection.has_host(server.name.as_str()));
    let servers: Vec<_> = servers.collect();
    let scripts = servers.iter().map(|server| (server.name.to_string(), disks_script(server))).collect();
    let answers = survey::ask_each(&engine, "asking for the disks", &scripts, output).await;
    let answer = |server: &Server| match answers.get(server.name.as_str()) {
        Some(Ok(text)) => HostProbe::read(text),
        _ => Err("its server does not answer".to_owned()),
    };
    let asked: Vec<_> = servers.into_iter().map(|server| (server, answer(server))).collect();
    let rows = |(server, answer): &(&Server, Answer)| {
        server.disks.iter().map(|disk| row(&region.inventory.region, server, disk, answer)).collect::<Vec<_>>()
    };
    let arrays = |(server, answer): &(&Server, Answer)| {
        let arrays = &answer.as_ref().ok()?.health.arrays;
        (!arrays.is_empty()).then(|| (server.name.to_string(), arrays.clone()))
    };
    let listing = Listing { disks: asked.iter().flat_map(rows).collect(), arrays: asked.iter().filter_map(arrays).collect() };
    output.data(&listing, |style| text(&listing, style))?;
    let silent = answers.values().find_map(|answer| answer.as_ref().err());
    Ok(silent.map_or(Exit::Done, survey::exit_of))
}

fn row(region: &inventory::Region, server: &Server, disk: &Disk, answer: &Answer) -> Row {
    let probe = answer.as_ref().ok();
    let seen = probe.and_then(|probe| probe.disks.get(disk.device.as_str())).cloned().unwrap_or_default();
    let smart = probe.and_then(|probe| smart_of(probe, disk)).cloned().unwrap_or_default();
    let first = |one: String, other: String| if one.is_empty() { other } else { one };
    let bricks = region.bricks_on_disk(server, disk).map(|(volume, place)| Brick {
        volume: volume.name.to_string(),
        mount: place.mount_point,
        arbiter: place.arbiter,
    });
    let name = disk.name.as_str();
    Row {
        server: server.name.to_string(),
        disk: name.to_owned(),
        device: disk.device.to_string(),
        target: seen.target,
        size: seen.bytes,
        model: first(smart.model, seen.model),
        serial: first(smart.serial, seen.serial),
        layout: disk.layout,
        encrypted: seen.signatures.iter().any(|found| found == LUKS),
        holds: seen.signatures,
        bricks: bricks.collect(),
        smart: match smart.passed {
            Some(true) => Health::Passed,
            Some(false) => Health::Failing,
            None => Health::Unknown,
        },
        ails: match answer {
            Ok(probe) => ailments(server, probe).into_iter().find(|one| one.disk.as_deref() == Some(name)).map(|one| one.message),
            Err(why) => Some(why.clone()),
        },
    }
}

fn text(listing: &Listing, style: &Style) -> String {
    if listing.disks.is_empty() && listing.arrays.is_empty() {
        return "the inventory has no data disks\n".to_owned();
    }
    let mut table = Table::new(["disk", "device", "size", "model", "layout", "holds", "bricks", "SMART", "state"]);
    for row in &listing.disks {
        let same = row.target.is_empty() || row.target == row.device;
        let device = if same { row.device.clone() } else { format!("{} → {}", row.device, row.target) };
        let names: Vec<_> =
            [&row.model, &row.serial].into_iter().filter(|name| !name.is_empty()).map(|name| clean(name)).collect();
        let bricks = row.bricks.iter().map(|brick| {
            format!("{} at {}{}", clean(&brick.volume), clean(&brick.mount), if brick.arbiter { " (arbiter)" } else { "" })
        });
        let smart = match row.smart {
            Health::Passed => Cell::new(style.good, "passed"),
            Health::Failing => Cell::new(style.error, "failing"),
            Health::Unknown => Cell::new(style.dim, "unknown"),
        };
        let state = match &row.ails {
            Some(ails) => Cell::new(style.error, clean(ails)),
            None => Cell::new(style.good, "well"),
        };
        table.row([
            format!("{}:{}", clean(&row.server), clean(&row.disk)).into(),
            clean(&device).into(),
            if row.size > 0 { Size::shown(row.size).to_string().into() } else { "-".into() },
            if names.is_empty() { "-".into() } else { names.join(", ").into() },
            layout(row).into(),
            if row.target.is_empty() {
                "-".into()
            } else if row.holds.is_empty() {
                "nothing".into()
            } else {
                clean(&row.holds.join(", ")).into()
            },
            bricks.collect::<Vec<_>>().join(", ").into(),
            smart,
            state,
        ]);
    }
    let mut out = if listing.disks.is_empty() { String::new() } else { table.render(style) };
    if !listing.arrays.is_empty() {
        out += &format!("\n{}", arrays_text(&listing.arrays, style));
    }
    out
}

fn layout(row: &Row) -> String {
    let layout = match row.layout {
        DiskLayout::Plain => "plain",
        DiskLayout::Lvm => "lvm",
        DiskLayout::LvmThin => "lvm-thin",
    };
    if row.encrypted { format!("{layout}, encrypted") } else { layout.to_owned() }
}

fn arrays_text(arrays: &BTreeMap<String, Vec<Array>>, style: &Style) -> String {
    let mut table = Table::new(["array", "level", "disks", "state"]);
    for (server, array) in arrays.iter().flat_map(|(server, arrays)| arrays.iter().map(move |array| (server, array))) {
        let state = match (array.is_whole(), array.doing.as_str()) {
            (true, "") => Cell::new(style.good, "well"),
            (false, "") => Cell::new(style.error, if array.active { "degraded" } else { "does not run" }),
            (whole, doing) => Cell::new(if whole { style.good } else { style.error }, clean(doing)),
        };
        let disks = if array.wanted > 0 { format!("{}/{}", array.working, array.wanted) } else { "-".to_owned() };
        table.row([format!("{}:{}", clean(server), clean(&array.name)).into(), clean(&array.level).into(), disks.into(), state]);
    }
    table.render(style)
}
