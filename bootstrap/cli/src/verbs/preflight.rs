//! `regionctl preflight`

use regionctl_plan::forbidden;

use super::Context;
use crate::args::{Allow, Contact, Hosts};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::preflight::{self, Depth};
use crate::region::Region;
use crate::render::checks;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    contact: Contact,
    #[command(flatten)]
    allow: Allow,
}

/// Checks the servers before anything is changed on them.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    let selection = region.select(&args.hosts.clone().into())?;
    let engine = region.engine(&args.contact, &context.output)?;
    let output = &context.output;
    let checked =
        preflight::check(&region, &engine, args.contact.parallel, output, |name| selection.has_host(name).then_some(Depth::All))
            .await;
    let allowed = &args.allow.allow;
    let full = output.verbose > 0;
    output.data(&checked.outcomes, |style| checks::render(&checked.checks(), checked.answered, allowed, full, style))?;
    let findings: Vec<_> = checked.findings().cloned().collect();
    let stops = forbidden(&findings, allowed);
    Ok(match stops.first() {
        None => Exit::Done,
        Some(_) if stops.iter().all(|finding| finding.name == preflight::ANSWERS) => Exit::Connection,
        Some(_) => Exit::Host,
    })
}
