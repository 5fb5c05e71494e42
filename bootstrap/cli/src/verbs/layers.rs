//! `regionctl layers`

use regionctl_inventory::Layer;
use serde::Serialize;

use super::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::table::{Cell, Table};

/// One layer, as `-o json` prints it.
#[derive(Serialize)]
struct Row {
    layer: &'static str,
    what: &'static str,
    /// Whether this version can install it.
    available: bool,
    /// Whether the inventory asks for it; `None` without an inventory.
    wanted: Option<bool>,
}

/// Lists the layers, in the order in which they stand on one another.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    // The list is useful before there is an inventory; a wrong one is still an error.
    let region = if context.file.exists() { Some(Region::load(&context.file)?) } else { None };
    let wanted = region.map(|region| region.inventory.region.requested_layers());
    let row = |layer: Layer| Row {
        layer: layer.name(),
        what: layer.what(),
        available: layer.available(),
        wanted: wanted.as_ref().map(|wanted| wanted.contains(&layer)),
    };
    let rows: Vec<_> = Layer::ALL.into_iter().map(row).collect();
    context.output.data(&rows, |style| {
        let mut table = Table::new(["layer", "wanted", "available", "what"]);
        for row in &rows {
            let wanted = row.wanted.map_or("-", |wanted| if wanted { "yes" } else { "no" });
            let available = if row.available { Cell::new(style.good, "yes") } else { Cell::new(style.dim, "not yet") };
            table.row([row.layer.into(), wanted.into(), available, row.what.into()]);
        }
        table.render(style)
    })?;
    Ok(Exit::Done)
}
