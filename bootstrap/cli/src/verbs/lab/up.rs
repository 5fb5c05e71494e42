//! `regionctl lab up`

use std::time::Instant;

use regionctl_lab::{LabSpec, Progress};

use super::status;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::lab;
use crate::region::Region;
use crate::render::time::duration;
use crate::render::words::count;
use crate::verbs::Context;

/// Brings the servers up and prints where they differ from real ones.
pub async fn run(context: &Context, region: &Region) -> Result<Exit, Failure> {
    let output = context.output;
    let wanted = LabSpec::from_region(&region.inventory.region, Vec::new()).map_err(|error| lab::failure(&error))?;
    let begun = Instant::now();
    let tell = move |progress: Progress| {
        let host = progress.host.map(|host| format!("{host}: ")).unwrap_or_default();
        let after = output.err().paint(output.err().dim, format!("{:>7}", duration(begun.elapsed())));
        output.say(&format!("{after}  {host}{}\n", progress.message));
    };
    let up = regionctl_lab::up(&wanted, &tell).await.map_err(|error| lab::failure(&error))?;
    status::print(context, &up)?;
    let style = output.err();
    let head = style.paint(style.good, format!("lab {} is up:", wanted.name));
    let named = status::named(context);
    output.say(&format!(
        "{head} {} in {}; `regionctl{named} --lab plan` works on it, `regionctl{named} lab down` takes it down\n",
        count(wanted.hosts.len(), "host"),
        duration(begun.elapsed())
    ));
    Ok(Exit::Done)
}
