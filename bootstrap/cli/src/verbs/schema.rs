//! `regionctl schema`

use super::Context;
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints the JSON schema of the inventory.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let schema = regionctl_inventory::schema();
    let mut output = context.output;
    // A schema has no table; editors want JSON.
    if output.format == Format::Table {
        output.format = Format::Json;
    }
    output.data(&schema, |_| String::new())?;
    Ok(Exit::Done)
}
