//! What is logged, for those who look for the cause of something: never data, always standard error.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

use crate::env;
use crate::render::clean::screen;

/// Starts logging: warnings, with `-vv` what is sent and received, or what the environment asks for.
pub fn start(verbose: u8, colours: bool) {
    let default = match verbose {
        0 | 1 => "warn",
        2 => "regionctl=debug,regionctl_engine=debug,regionctl_ssh=debug,regionctl_lab=debug,warn",
        _ => "regionctl=trace,regionctl_engine=trace,regionctl_ssh=trace,regionctl_lab=trace,russh=debug,info",
    };
    let filter = EnvFilter::try_from_env(env::LOG).unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Screened).with_ansi(colours).with_target(false).init();
}

/// Standard error, to which a line of the log comes whole.
struct Screened;

impl Write for Screened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(screen(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
