//! `regionctl lab down`

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::verbs::Context;
use crate::{lab, survey};

/// Takes everything down.
pub async fn run(context: &Context, region: &Region) -> Result<Exit, Failure> {
    let down = regionctl_lab::down(region.name());
    survey::during(&context.output, "taking the lab down", down).await.map_err(|error| lab::failure(&error))?;
    context.output.say(&format!("lab {} is down, nothing of it is left\n", region.name()));
    Ok(Exit::Done)
}
