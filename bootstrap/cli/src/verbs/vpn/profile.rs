//! `regionctl vpn profile`

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::SystemTime;

use regionctl_roles::vpn;
use regionctl_secrets::Secrets;

use super::Who;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::vault;
use crate::verbs::Context;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    who: Who,
    /// write it into a new file that only you can read; left out, it is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Gives a profile, whatever the format: it is a file of OpenVPN's.
pub fn run(context: &Context, region: &Region, secrets: &Secrets, args: &Args) -> Result<Exit, Failure> {
    let name = args.who.name.as_str();
    let profile = vpn::profile(&region.inventory.region, secrets, name, SystemTime::now());
    let profile = profile.map_err(|error| vault::vpn_failure(&error))?;
    let Some(file) = &args.out else {
        context.output.text(profile.reveal())?;
        return Ok(Exit::Done);
    };
    regionctl_files::write_new(file, profile.reveal().as_bytes()).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::new(Exit::Local, format!("`{}` is there already", file.display())).hint("remove it, or name another file")
        }
        _ => Failure::file("write", file, &error),
    })?;
    context.output.say(&format!("wrote `{}`; hand it over in secret\n", file.display()));
    Ok(Exit::Done)
}
