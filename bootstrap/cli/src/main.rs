//! The `regionctl` command: one file per verb under `verbs`, everything the operator reads under `render`.

mod args;
mod confirm;
mod env;
mod exit;
mod failure;
mod interrupt;
mod lab;
mod leavers;
mod live;
mod log;
mod nearest;
mod operator_key;
mod output;
mod passphrase;
mod plan_file;
mod preflight;
mod redact;
mod region;
mod render;
mod run;
mod settle;
mod survey;
mod vault;
mod verbs;

use std::process::ExitCode;

use exit::Exit;
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    let output = Output::new(&cli.global);
    log::start(cli.global.verbose, *output.err() != render::style::Style::plain());
    let ended = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let ended = runtime.block_on(verbs::run(cli, output));
            // A task that still waits for a host must not hold up the end.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(Failure::new(Exit::Local, format!("cannot start: {error}"))),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit.into()
        }
    }
}
