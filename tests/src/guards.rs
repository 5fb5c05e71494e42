//! Changes that the target itself must refuse, whatever the plan said.

use regionctl_engine::{Kinds, want};
use regionctl_plan::{Resource, diff};

use crate::properties::{Bench, Broken};

/// What is there, what is wanted as if nothing had been there when it was planned, and a part of the refusal.
fn cases() -> Vec<(&'static str, Resource, &'static str)> {
    let at = "/var/tmp/g";
    vec![
        ("truncate -s 400M /var/tmp/g; mkfs.ext4 -q /var/tmp/g", want::filesystem(at, "xfs", "x"), "holds ext4"),
        ("truncate -s 400M /var/tmp/g; echo label:gpt | sfdisk -q /var/tmp/g", want::filesystem(at, "xfs", "x"), "partition"),
        ("", want::filesystem(at, "xfs", "x"), "does not exist"),
        ("truncate -s 2M /var/tmp/g", want::loop_file(at, 1 << 20), "never shrunk"),
        ("mkdir -p /var/tmp/g/in", want::mount(at, "memory", "tmpfs", "defaults"), "not empty"),
        ("", want::gluster_brick("/var/tmp/g/brick"), "its mount is missing"),
        ("echo a >/var/tmp/g", want::file(at, "b\n"), "changed after it was planned"),
        ("", want::line_matching(at, "x", "^a", "b"), "does not match its own pattern"),
    ]
}

/// Tries every guard; gives those that let harm through.
///
/// # Errors
/// The host cannot be cleaned.
pub async fn try_guards(bench: &Bench<'_>) -> Result<Vec<String>, Broken> {
    let kinds = Kinds::host();
    let mut broken = Vec::new();
    for (prepare, wanted, message) in cases() {
        let (Some(change), Some(kind)) = (diff(&wanted, None), kinds.get(&wanted.id.kind)) else { continue };
        bench.by_hand(&format!("rm -rf /var/tmp/g\n{prepare}")).await?;
        match bench.by_hand(&format!("set -eu\n{}", kind.guard(&change))).await {
            Err(error) if error.contains(message) => {}
            Err(error) => broken.push(format!("the guard of {} says {error}, not {message}", wanted.id)),
            Ok(_) => broken.push(format!("the guard of {} allows it: {message}", wanted.id)),
        }
    }
    bench.by_hand("rm -rf /var/tmp/g").await?;
    Ok(broken)
}
