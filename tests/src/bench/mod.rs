//! The bench: what is measured, in which order, and that nothing is left behind.

mod client;
mod error;
mod files;
mod fleet;
mod fleet_network;
mod fleet_region;
mod hosts;
mod large;
mod process;
mod report;
mod resources;
mod rivals;
mod summary;
mod verify;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use error::BenchError;
use summary::Summary;

const USAGE: &str = "usage: bench [hosts|fleet|large]
  hosts  only the comparison with ansible-core and pyinfra
  fleet  only the fleet of sshd hosts
  large  only large inventories";

/// Runs the bench, or one of the processes that it measures.
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["client", task] => finish(runtime.block_on(client::run(task))),
        // For profiling by hand: what such a process sends to its first host.
        ["script", task] => finish(client::script(task)),
        [] => runtime.block_on(measure(&["hosts", "fleet", "large"])),
        [part @ ("hosts" | "fleet" | "large")] => runtime.block_on(measure(&[part])),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(64)
        }
    }
}

/// Measures, prints, and judges. However it ends, hosts and namespaces are gone afterwards.
async fn measure(parts: &[&str]) -> ExitCode {
    // What a run that was killed left behind.
    if let Err(error) = clean().await {
        return failed(&error);
    }
    // A task of its own: a panic in it ends there, and what it had is still cleaned up.
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    let mut work = tokio::spawn(sections(parts));
    let measured = tokio::select! {
        ended = &mut work => ended.unwrap_or_else(|error| Err(BenchError::Bug(error.to_string()))),
        () = interrupted() => {
            work.abort();
            let _ = work.await;
            Err(BenchError::Interrupted)
        }
    };
    let cleaned = clean().await;
    match measured.and_then(|summary| cleaned.map(|()| summary)) {
        Ok(summary) => finish(report::finish(&summary)),
        Err(error) => failed(&error),
    }
}

async fn sections(parts: Vec<String>) -> Result<Summary, BenchError> {
    let mut summary = Summary::default();
    for part in &parts {
        match part.as_str() {
            "hosts" => summary.hosts = Some(hosts::measure().await?),
            "fleet" => summary.fleet = Some(fleet::measure().await?),
            _ => summary.large = large::measure().await?,
        }
    }
    Ok(summary)
}

/// Both are found by name, whatever is left of them.
async fn clean() -> Result<(), BenchError> {
    let hosts = hosts::clean().await;
    let fleet = fleet_network::clean().await;
    hosts.and(fleet)
}

/// Ends when somebody wants us to.
async fn interrupted() {
    let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
    }
}

fn finish(result: Result<(), BenchError>) -> ExitCode {
    result.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {}", regionctl_tests::place::chain(error));
    ExitCode::FAILURE
}
