//! What is logged, for those who look for the cause of something: never data, always standard error.

use tracing_subscriber::EnvFilter;

use crate::env;

/// Starts logging: warnings, with `-vv` what is sent and received, or what the environment asks for.
pub fn start(verbose: u8, colours: bool) {
    let default = match verbose {
        0 | 1 => "warn",
        2 => "regionctl=debug,regionctl_engine=debug,regionctl_ssh=debug,regionctl_lab=debug,warn",
        _ => "regionctl=trace,regionctl_engine=trace,regionctl_ssh=trace,regionctl_lab=trace,russh=debug,info",
    };
    let filter = EnvFilter::try_from_env(env::LOG).unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).with_target(false).init();
}
