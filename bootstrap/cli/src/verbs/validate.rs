//! `regionctl validate`

use regionctl_inventory::{Diagnostics, Known, parse_bytes};
use serde::Serialize;

use super::Context;
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::{self, Region};
use crate::render::findings;
use crate::render::words::{count, list};

/// What is printed with `-o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    file: String,
    ok: bool,
    region: Option<&'a str>,
    release: Option<&'a str>,
    servers: Vec<&'a str>,
    layers: Vec<&'a str>,
    not_available: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mistakes: Option<&'a Diagnostics>,
}

/// Says whether the inventory is right. Contacts no host.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let bytes = region::read(&context.file)?;
    let file = context.file.display().to_string();
    let releases = regionctl_images::names();
    let inventory = match parse_bytes(&bytes, &file, &Known { releases: &releases }) {
        Ok(inventory) => inventory,
        Err(mistakes) if context.output.format == Format::Table => return Err(Region::mistakes(&mistakes)),
        Err(mistakes) => {
            let mistakes = Some(&mistakes);
            let report = Report {
                file,
                ok: false,
                region: None,
                release: None,
                servers: vec![],
                layers: vec![],
                not_available: vec![],
                mistakes,
            };
            context.output.data(&report, |_| String::new())?;
            return Ok(Exit::Inventory);
        }
    };
    let region = &inventory.region;
    let report = Report {
        file,
        ok: true,
        region: Some(region.name()),
        release: Some(&region.spec.release),
        servers: region.servers().iter().map(|server| server.name.as_str()).collect(),
        layers: region.requested_layers().into_iter().map(regionctl_inventory::Layer::name).collect(),
        not_available: region.not_available().iter().map(ToString::to_string).collect(),
        mistakes: None,
    };
    context.output.data(&report, |style| {
        let servers = count(report.servers.len(), "server");
        let head = style.paint(style.good, format!("{} is valid:", report.file));
        let what = format!(
            "{head} region {}, release {}, {servers} ({})\n",
            region.name(),
            region.spec.release,
            list(&report.servers, 8)
        );
        what + &format!("layers: {}\n", list(&report.layers, 16)) + &findings::notes(&report.not_available, style)
    })?;
    Ok(Exit::Done)
}
