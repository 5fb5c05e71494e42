//! `regionctl lab cut` and `regionctl lab heal`

use regionctl_lab::{Cut, CutTarget, Lab, LabError, Network};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::lab;
use crate::region::Region;
use crate::verbs::Context;

/// The options of `cut`.
#[derive(Debug, clap::Args)]
pub struct CutArgs {
    /// the host
    #[arg(value_name = "HOST")]
    host: String,
    /// what it is cut from: `public`, `vrack` or another host
    #[arg(value_name = "NETWORK|HOST")]
    from: String,
}

/// The options of `heal`.
#[derive(Debug, clap::Args)]
pub struct HealArgs {
    /// the host; left out, everything is mended
    #[arg(value_name = "HOST")]
    host: Option<String>,
    /// what it was cut from; left out, all of it
    #[arg(value_name = "NETWORK|HOST")]
    from: Option<String>,
}

/// Cuts.
pub async fn cut(context: &Context, region: &Region, args: &CutArgs) -> Result<Exit, Failure> {
    let target = target(&args.from);
    regionctl_lab::cut(region.name(), &args.host, target).await.map_err(|error| lab::failure(&error))?;
    context.output.say(&format!("{} is cut off {}; `regionctl lab heal {0} {1}` mends it\n", args.host, args.from));
    Ok(Exit::Done)
}

/// Mends.
pub async fn heal(context: &Context, region: &Region, args: &HealArgs) -> Result<Exit, Failure> {
    let failed = |error: LabError| lab::failure(&error);
    let cuts = Lab::open(region.name()).map_err(failed)?.status().cuts;
    let mended: Vec<Cut> = match (&args.host, &args.from) {
        (Some(host), Some(from)) => vec![Cut { host: host.clone(), target: target(from) }],
        (Some(host), None) => cuts.into_iter().filter(|cut| concerns(cut, host)).collect(),
        (None, _) => cuts,
    };
    for cut in &mended {
        regionctl_lab::heal(region.name(), &cut.host, cut.target.clone()).await.map_err(failed)?;
        context.output.say(&format!("{} reaches {} again\n", cut.host, name(&cut.target)));
    }
    if mended.is_empty() {
        context.output.say("nothing was cut\n");
    }
    Ok(Exit::Done)
}

fn concerns(cut: &Cut, host: &str) -> bool {
    cut.host == host || cut.target == CutTarget::Peer(host.to_owned())
}

fn target(word: &str) -> CutTarget {
    word.parse::<Network>().map_or_else(|_| CutTarget::Peer(word.to_owned()), CutTarget::Network)
}

fn name(target: &CutTarget) -> String {
    match target {
        CutTarget::Network(network) => network.to_string(),
        CutTarget::Peer(peer) => peer.clone(),
    }
}
