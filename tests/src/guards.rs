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

/// The same on a host with a kernel of its own. Something else may be on a disk in each of the ways that disks are used.
fn kernel_cases() -> Vec<(&'static str, Resource, &'static str)> {
    let at = "/var/tmp/g.dev";
    let group = || want::lvm_group("guarded", [at]);
    let luks = || want::luks("guarded", at, "a key");
    vec![
        ("mkfs.ext4 -q /var/tmp/g.dev", group(), "holds ext4"),
        ("mkfs.ext4 -q /var/tmp/g.dev", luks(), "holds ext4"),
        ("echo label:gpt | sfdisk -q /var/tmp/g.dev", luks(), "partition"),
        ("mkswap /var/tmp/g.dev", group(), "holds swap"),
        ("vgcreate -qq other \"$(readlink -f /var/tmp/g.dev)\"", group(), "belongs to the group other"),
        ("vgcreate -qq other \"$(readlink -f /var/tmp/g.dev)\"", luks(), "holds LVM2_member"),
        ("dmsetup create guarded-other --table \"0 8 linear $(readlink -f /var/tmp/g.dev) 0\"", group(), "is used by"),
        ("dmsetup create guarded-other --table \"0 8 linear $(readlink -f /var/tmp/g.dev) 0\"", luks(), "is used by"),
        (
            "vgcreate -qq guarded \"$(readlink -f /var/tmp/g.dev)\"; lvcreate -qq -y -L 40M -n one guarded",
            want::lvm_volume("guarded", "one", 20 << 20),
            "never shrunk",
        ),
        (
            "vgcreate -qq guarded \"$(readlink -f /var/tmp/g.dev)\"; lvcreate -qq -y -L 40M -n one guarded",
            want::lvm_thin_pool("guarded", "one", 80 << 20),
            "does not become thin-pool",
        ),
    ]
}

const DISK: &str = "truncate -s 400M /var/tmp/g; ln -sfn \"$(losetup -f --show /var/tmp/g)\" /var/tmp/g.dev";
const NO_DISK: &str = r#"
[ ! -b /dev/mapper/guarded-other ] || dmsetup remove guarded-other
for group in guarded other; do ! vgs "$group" >/dev/null 2>&1 || vgremove -qq -f "$group"; done
[ ! -e /var/tmp/g.dev ] || losetup -d /var/tmp/g.dev
rm -rf /var/tmp/g /var/tmp/g.dev
"#;

/// Tries every guard that needs a kernel; gives those that let harm through.
///
/// # Errors
/// The host cannot be cleaned.
pub async fn try_kernel_guards(bench: &Bench<'_>) -> Result<Vec<String>, Broken> {
    let mut broken = Vec::new();
    for (prepare, wanted, message) in kernel_cases() {
        bench.by_hand(&format!("{NO_DISK}{DISK}\n{prepare}")).await?;
        broken.extend(refusal(bench, &wanted, message).await);
    }
    bench.by_hand(NO_DISK).await?;
    Ok(broken)
}

/// Tries every guard; gives those that let harm through.
///
/// # Errors
/// The host cannot be cleaned.
pub async fn try_guards(bench: &Bench<'_>) -> Result<Vec<String>, Broken> {
    let mut broken = Vec::new();
    for (prepare, wanted, message) in cases() {
        bench.by_hand(&format!("rm -rf /var/tmp/g\n{prepare}")).await?;
        broken.extend(refusal(bench, &wanted, message).await);
    }
    bench.by_hand("rm -rf /var/tmp/g").await?;
    Ok(broken)
}

/// What is wrong with the refusal of a resource, planned as if nothing had been there.
async fn refusal(bench: &Bench<'_>, wanted: &Resource, message: &str) -> Option<String> {
    let (kinds, change) = (Kinds::host(), diff(wanted, None)?);
    match bench.by_hand(&format!("set -eu\n{}", kinds.get(&wanted.id.kind)?.guard(&change))).await {
        Err(error) if error.contains(message) => None,
        Err(error) => Some(format!("the guard of {} says {error}, not {message}", wanted.id)),
        Ok(_) => Some(format!("the guard of {} allows it: {message}", wanted.id)),
    }
}
