//! Whether KVM truly works here: a device file alone proves nothing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use regionctl_plan::Argv;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::run::command;

/// Emulation works everywhere. `-cpu max` crashed the guest's kernel; `qemu64` does not.
const EMULATED: [&str; 4] = ["-accel", "tcg,thread=multi", "-cpu", "qemu64"];

const KVM: [&str; 4] = ["-accel", "kvm", "-cpu", "host"];

/// With KVM this comes within two seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// The accelerator options for this machine, tried with the kernel that is to run.
pub(crate) async fn accelerator(kernel: &Path) -> &'static [&'static str] {
    static WORKS: OnceCell<bool> = OnceCell::const_new();
    if *WORKS.get_or_init(|| kvm_works(kernel)).await { &KVM } else { &EMULATED }
}

/// Boots the kernel until it misses its disk, which is after everything else. A nested KVM may run the firmware and then stop
/// at the kernel's first vector instruction.
async fn kvm_works(kernel: &Path) -> bool {
    if !Path::new("/dev/kvm").exists() {
        return false;
    }
    let probe = Argv::new("qemu-system-x86_64")
        .args(KVM)
        .args(["-machine", "q35", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"])
        .args(["-kernel".to_owned(), kernel.display().to_string()])
        .args(["-append", "console=ttyS0 panic=-1"]);
    let spawned = command(&probe).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let Ok(mut child) = spawned else { return false };
    let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else { return false };
    let came_through = timeout(PATIENCE, async {
        tokio::select! {
            found = says(output, "Unable to mount root fs") => found,
            // It does not end after such an error; the end of its errors alone is no answer.
            true = says(errors, "KVM internal error") => false,
        }
    });
    let works = came_through.await.unwrap_or(false);
    // Without a disk it would stop or wait for ever.
    let _ = child.kill().await;
    works
}

/// Whether a line with this text comes before the end.
async fn says(stream: impl AsyncRead + Unpin, text: &str) -> bool {
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return false,
            Ok(_) if String::from_utf8_lossy(&line).contains(text) => return true,
            Ok(_) => {}
        }
    }
}
