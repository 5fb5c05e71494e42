//! What every verb understands: global options, the selection of hosts and layers, and how a run behaves.
//!
//! The comments of the fields are what `--help` prints, so they follow the manners of messages.

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, ValueEnum};

use crate::env;
use crate::exit::Exit;
use crate::verbs::Verb;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "regionctl",
    version,
    about = "turn rented bare-metal servers into a region, from one inventory",
    after_help = Exit::help(),
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 110
)]
pub struct Cli {
    /// Options of every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// print the version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// Options of every verb.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// the inventory; runs and generations are kept in `.regionctl` beside it
    #[arg(short, long, global = true, value_name = "FILE", env = env::FILE, default_value = "region.yaml", hide_env_values = true)]
    pub file: PathBuf,
    /// how data is printed to standard output
    #[arg(
        short = 'o',
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "how data is printed to standard output: table, json or yaml"
    )]
    pub format: Format,
    /// no colours; so does NO_COLOR in the environment
    #[arg(long, global = true)]
    pub no_color: bool,
    /// work on the lab that plays this region, see `regionctl lab`
    #[arg(long, global = true)]
    pub lab: bool,
    /// show more; twice: log what is sent and received
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// print help
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
}

/// The form of what goes to standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// for people
    #[default]
    Table,
    /// for programs
    Json,
    /// for both
    Yaml,
}

/// Which hosts.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct Hosts {
    /// only this host; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
}

/// Which hosts and layers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// only this host; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
    /// only this layer; may be repeated
    #[arg(long, value_name = "LAYER", value_delimiter = ',')]
    pub layer: Vec<String>,
    /// only this layer and those after it
    #[arg(long, value_name = "LAYER", conflicts_with = "layer")]
    pub from: Option<String>,
}

impl From<Hosts> for Selection {
    fn from(hosts: Hosts) -> Self {
        Self { host: hosts.host, ..Self::default() }
    }
}

/// The operator's own keys.
#[derive(Debug, Clone, Default, Args)]
pub struct Identity {
    /// open the secrets with this age identity or SSH key; may be repeated
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = env::IDENTITY,
        hide_env_values = true,
        help = "open the secrets with this age identity or SSH key; may be repeated \
                [default: ~/.config/regionctl/identity.txt, then ~/.ssh/id_ed25519]"
    )]
    pub identity: Vec<PathBuf>,
}

/// How hosts are talked to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Hosts")]
pub struct Contact {
    /// work on so many hosts at once
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub parallel: u16,
    /// trust hosts that known_hosts does not name yet; a changed key is refused all the same
    #[arg(long)]
    pub accept_new: bool,
}

/// The dead-man switch.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Hosts")]
pub struct Window {
    /// a host takes back what may cut SSH unless a new connection keeps it within so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = regionctl_engine::WINDOW.as_secs(), value_parser = clap::value_parser!(u64).range(10..=3600))]
    window: u64,
}

impl Window {
    /// How long.
    pub fn time(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.window)
    }
}

/// Findings that do not stop a run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Hosts")]
pub struct Allow {
    /// go on in spite of this finding; may be repeated, and is recorded
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub allow: Vec<String>,
}

/// The command line as given, or the exit code after help, version or a complaint was printed.
pub fn parse() -> Result<Cli, Exit> {
    let colour =
        if std::env::args_os().any(|arg| arg == "--no-color") { clap::ColorChoice::Never } else { clap::ColorChoice::Auto };
    let parsed = Cli::command().color(colour).try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        // Nothing can be said about a standard error that is closed.
        let _ = error.print();
        if error.use_stderr() { Exit::Usage } else { Exit::Done }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
