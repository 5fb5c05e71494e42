//! Servers that the region has and the inventory names no more.

use serde::Serialize;

use super::Section;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::style::Style;
use crate::render::words::list;

/// Their names.
#[derive(Debug, Serialize)]
pub struct Leavers(Vec<String>);

/// Those that were not given back yet.
pub fn section(region: &Region) -> Result<Leavers, Failure> {
    Ok(Leavers(
        region.leavers()?.into_iter().filter(|leaver| !leaver.renamed).map(|leaver| leaver.server.name.to_string()).collect(),
    ))
}

impl Section for Leavers {
    fn is_well(&self) -> bool {
        self.0.is_empty()
    }

    fn text(&self, style: &Style) -> String {
        if self.is_well() {
            return String::new();
        }
        let names: Vec<_> = self.0.iter().map(|name| clean(name)).collect();
        let warning = style.paint(style.warning, "warning:");
        format!("{warning} no longer in the inventory, and not given back: {}; `regionctl install` does it\n", list(&names, 8))
    }
}
