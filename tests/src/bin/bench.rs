//! `make bench`: regionctl against ansible-core and pyinfra, and against a fleet. See `tests/bench/README.md`.

#[path = "../bench/mod.rs"]
mod bench;

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::main()
}
