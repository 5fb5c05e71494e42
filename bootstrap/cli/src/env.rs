//! Every environment variable that regionctl reads, declared once.

/// The inventory, as `--file`.
pub const FILE: &str = "REGIONCTL_FILE";
/// A private key that opens the secrets file, as `secrets --identity`.
pub const IDENTITY: &str = "REGIONCTL_IDENTITY";
/// What is logged to standard error, in the manner of `RUST_LOG`: `regionctl_ssh=debug`.
pub const LOG: &str = "REGIONCTL_LOG";
/// Set for what runs in a lab's network: the lab's name, for scripts.
pub const LAB: &str = "REGIONCTL_LAB";
