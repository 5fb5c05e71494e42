//! `regionctl lab exec`

use regionctl_lab::Lab;
use regionctl_plan::Argv;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::lab;
use crate::region::Region;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// run it on this host as root, not beside the hosts
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// the command; left out, a shell
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Becomes the command: its exit code is ours.
pub fn run(region: &Region, args: &Args) -> Result<Exit, Failure> {
    let mut words = args.command.iter();
    let mut command = match &args.host {
        Some(host) => {
            let up = Lab::open(region.name()).map_err(|error| lab::failure(&error))?;
            let mut ssh = lab::of(&up.ssh_command(host).map_err(|error| lab::failure(&error))?);
            // SSH carries one string: the words are quoted once, here.
            if let Some(first) = words.next() {
                ssh.arg(Argv::new(first).args(words.cloned()).to_string());
            }
            ssh
        }
        None => {
            let mut inside = lab::command(region.name())?;
            if args.command.is_empty() {
                inside.arg(std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into()));
            }
            inside.args(words);
            inside
        }
    };
    Err(lab::replace(&mut command))
}
