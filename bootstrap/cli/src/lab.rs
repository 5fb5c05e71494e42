//! The lab as the other verbs see it: hosts that are reached only inside its network, with its own key.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use regionctl_lab::{Lab, LabError, enter_command, is_inside};
use regionctl_plan::Argv;
use regionctl_ssh::Endpoint;

use crate::env;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;

/// The lab of this name, if this process is inside it.
///
/// # Errors
/// It is inside, and the lab's record cannot be read.
pub fn here(name: &str) -> Result<Option<Lab>, Failure> {
    if !is_inside(name) {
        return Ok(None);
    }
    Lab::open(name).map(Some).map_err(|error| failure(&error))
}

/// Goes on inside the lab that plays the region of this inventory: starts this program anew there, with the same options.
/// Returns if it is inside already.
///
/// # Errors
/// The lab is not up.
pub fn enter(file: &Path) -> Result<(), Failure> {
    let region = Region::load(file)?;
    if region.lab.is_some() {
        return Ok(());
    }
    let program =
        std::env::current_exe().map_err(|error| Failure::new(Exit::Local, format!("cannot find this program: {error}")))?;
    let mut command = command(region.name())?;
    Err(replace(command.arg(program).args(std::env::args_os().skip(1))))
}

/// A command that is to be completed and runs inside a lab.
///
/// # Errors
/// The lab is not up.
pub fn command(lab: &str) -> Result<Command, Failure> {
    let enter = enter_command(lab).map_err(|error| failure(&error))?;
    let mut command = self::of(&enter);
    command.env(env::LAB, lab);
    Ok(command)
}

/// A command of these words.
pub fn of(argv: &Argv) -> Command {
    let mut words = argv.words().iter();
    // `Argv` has at least one word.
    let mut command = Command::new(words.next().map_or("", String::as_str));
    command.args(words);
    command
}

/// Replaces this process, so that the command has its terminal, its signals and its exit code; returns only if it cannot.
pub fn replace(command: &mut Command) -> Failure {
    let error = command.exec();
    Failure::new(Exit::Local, format!("cannot run `{}`: {error}", command.get_program().display()))
}

/// Reaches a host of the lab as its inventory says, but with the lab's key and host keys, and directly.
pub fn adapt(endpoint: &mut Endpoint, lab: &Lab) {
    endpoint.known_hosts = lab.known_hosts_file();
    endpoint.identity = Some(lab.identity_file());
    endpoint.agent = false;
    endpoint.bastion = None;
}

/// An error of the lab; its text may end with a hint.
pub fn failure(error: &LabError) -> Failure {
    let exit = if matches!(error, LabError::Spec { .. }) { Exit::Inventory } else { Exit::Local };
    Failure::from_text(exit, &error.to_string())
}
