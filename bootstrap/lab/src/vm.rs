//! QEMU hosts: machines with Debian's own kernel, on the same bridges.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use regionctl_plan::Argv;

use crate::daemon::{self, Process};
use crate::image::{Image, create_dir, write};
use crate::names::{bridge, host_namespace, namespace, port};
use crate::network::{inside, interfaces, ip_batch};
use crate::paths::{HostPaths, LabPaths};
use crate::record::Record;
use crate::run::run;
use crate::spec::{LabHost, Network};
use crate::{LabError, cut, disks, wait};

/// Without KVM a shutdown is slow.
const SHUTDOWN: Duration = Duration::from_secs(180);

/// A disk whose path on the host is a link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LinkedDisk {
    pub(crate) wanted: String,
    pub(crate) given: String,
}

/// The kernel names virtio disks in their order, after the system's, at every boot; SCSI disks it names as they answer. What an
/// inventory calls otherwise, such as `/dev/sdb`, is a link.
pub(crate) fn linked_disks(host: &LabHost) -> Vec<LinkedDisk> {
    host.disks
        .iter()
        .zip('b'..='z')
        .map(|(disk, letter)| LinkedDisk { wanted: disk.device.clone(), given: format!("/dev/vd{letter}") })
        .filter(|disk| disk.wanted != disk.given)
        .collect()
}

fn serial(index: usize) -> String {
    format!("lab-disk-{}", index + 1)
}

/// Copies the image's system disk and puts the host's own files on it.
pub(crate) async fn make_system_disk(host: &LabHost, paths: &HostPaths, image: &Image) -> Result<(), LabError> {
    let system = paths.system();
    let words = [image.disk().display().to_string(), system.display().to_string()];
    run(&Argv::new("cp").arg("--sparse=always").args(words)).await?;
    write_disk_links(host, &paths.upper())?;
    create_dir(&paths.mount())?;
    // In a mount namespace of its own, which takes mount and loop device along whatever happens.
    let script = r#"mount -o loop "$1" "$3" && cp -a "$2/." "$3/" && umount "$3""#;
    let copy = Argv::new("unshare").args(["--mount", "sh", "-c", script, "sh"]).args([
        system.display().to_string(),
        paths.upper().display().to_string(),
        paths.mount().display().to_string(),
    ]);
    run(&copy).await.map(drop)
}

fn write_disk_links(host: &LabHost, root: &Path) -> Result<(), LabError> {
    let mut rules = String::new();
    for (index, disk) in host.disks.iter().enumerate() {
        if linked_disks(host).iter().any(|linked| linked.wanted == disk.device) {
            let name = disk.device.trim_start_matches("/dev/");
            let _ = writeln!(
                rules,
                "SUBSYSTEM==\"block\", ENV{{ID_SERIAL}}==\"*{}\", ENV{{DEVTYPE}}==\"disk\", SYMLINK+=\"{name}\"",
                serial(index)
            );
        }
    }
    if rules.is_empty() {
        return Ok(());
    }
    let folder = root.join("etc/udev/rules.d");
    create_dir(&folder)?;
    write(&folder.join("90-regionctl-lab.rules"), rules.as_bytes())
}

/// Starts a machine.
pub(crate) async fn start(record: &Record, host: &LabHost, image: &Image) -> Result<Process, LabError> {
    let spec = &record.spec;
    let paths = LabPaths::new(&spec.name).host(&host.name);
    let lab = namespace(&spec.name);
    disks::ensure_files(host, &paths)?;
    ensure_monitor(&paths)?;
    plug(record, host, &lab).await?;
    let unit = host_namespace(&spec.name, &host.name);
    let accelerator = crate::kvm::accelerator(&image.kernel()).await;
    let argv = inside(&lab).args(qemu(&spec.name, host, &paths, image, accelerator).words().iter().cloned());
    daemon::start(&daemon::marks(&spec.name, &host.name), &unit, &argv, &paths.console()).await
}

async fn plug(record: &Record, host: &LabHost, lab: &str) -> Result<(), LabError> {
    let ports = interfaces(lab).await?;
    for network in Network::ALL {
        let port = port(&host.name, network);
        if !ports.contains(&port) {
            let mtu = if network == Network::Vrack { record.spec.vrack.mtu } else { 1500 };
            run(&crate::network::ip(lab).args(["tuntap", "add", "dev", &port, "mode", "tap"])).await?;
            let commands = format!("link set {port} mtu {mtu}\nlink set {port} master {}\n", bridge(network));
            ip_batch(lab, &commands).await?;
        }
        cut::apply_port(record, &host.name, network).await?;
    }
    Ok(())
}

fn qemu(lab: &str, host: &LabHost, paths: &HostPaths, image: &Image, accelerator: &[&str]) -> Argv {
    let mut argv = Argv::new("qemu-system-x86_64")
        .arg("-name")
        .arg(&host.name)
        .args(["-machine", "q35"])
        .args(accelerator.iter().copied())
        .args(["-smp".to_owned(), host.cpus.to_string(), "-m".to_owned(), host.memory_mib.to_string()])
        .args(["-kernel".to_owned(), image.kernel().display().to_string()])
        .args(["-initrd".to_owned(), image.initrd().display().to_string()])
        .arg("-append")
        .arg(format!("root=LABEL={} rw console=ttyS0 quiet", crate::recipe::SYSTEM_LABEL))
        .args(["-display", "none", "-serial", "stdio", "-device", "virtio-rng-pci"])
        .args(["-chardev".to_owned(), format!("pipe,id=monitor,path={}", escape(&paths.monitor()))])
        .args(["-mon", "chardev=monitor"]);
    let files = std::iter::once((paths.system(), "lab-system".to_owned()))
        .chain(host.disks.iter().enumerate().map(|(index, disk)| (paths.disk(&disk.device), serial(index))));
    for (index, (file, serial)) in files.enumerate() {
        // What the machine has synced survives its power cut in this machine's cache; only this machine's own would lose it.
        argv = argv
            .arg("-drive")
            .arg(format!("file={},if=none,id=disk{index},format=raw,discard=unmap,cache=unsafe", escape(&file)))
            .arg("-device")
            .arg(format!("virtio-blk-pci,drive=disk{index},serial={serial}"));
    }
    for network in Network::ALL {
        let (tap, mac) = (port(&host.name, network), host.mac(lab, network));
        argv = argv
            .arg("-netdev")
            .arg(format!("tap,id={network},ifname={tap},script=no,downscript=no"))
            .arg("-device")
            .arg(format!("virtio-net-pci,netdev={network},mac={mac}"));
    }
    argv
}

/// In QEMU's options a comma in a value is doubled.
fn escape(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

/// Presses the power button and waits.
pub(crate) async fn power_off(record: &Record, host: &LabHost, process: Process) -> Result<(), LabError> {
    let paths = LabPaths::new(&record.spec.name).host(&host.name);
    let monitor = paths.monitor().with_extension("in");
    press_button(&monitor).map_err(LabError::io("write to", &monitor))?;
    process.ended(&format!("host `{}`", host.name), SHUTDOWN).await
}

fn press_button(monitor: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt;
    // Without a reader this fails instead of waiting for one.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    std::fs::File::options().write(true).custom_flags(flags).open(monitor)?.write_all(b"system_powerdown\n")
}

/// The pipes of the machine's monitor. A socket's path may not be as long as ours can be.
fn ensure_monitor(paths: &HostPaths) -> Result<(), LabError> {
    for direction in ["in", "out"] {
        let path = paths.monitor().with_extension(direction);
        if !path.exists() {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
                .map_err(|error| LabError::io("create", &path)(error.into()))?;
        }
    }
    Ok(())
}

/// Waits until the machine's process has let go of its cables.
pub(crate) async fn unplugged(record: &Record, host: &LabHost, timeout: Duration) -> Result<(), LabError> {
    let lab = namespace(&record.spec.name);
    let port = port(&host.name, Network::Public);
    wait::until(format!("interface `{port}` to be free"), timeout, || async {
        let shown = run(&crate::network::ip(&lab).args(["link", "show", &port])).await?;
        Ok((!shown.contains("LOWER_UP")).then_some(()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_with_other_names_are_links() {
        let mut host: LabHost = serde_json::from_value(serde_json::json!({
            "name": "a", "kind": "vm", "debian": 13, "public_address": "198.51.100.11",
            "disks": [{"device": "/dev/sdb", "bytes": 1 << 30}, {"device": "/dev/nvme0n1", "bytes": 1 << 30}]
        }))
        .unwrap();
        let linked = linked_disks(&host);
        let names: Vec<_> = linked.iter().map(|disk| (disk.wanted.as_str(), disk.given.as_str())).collect();
        assert_eq!(names, [("/dev/sdb", "/dev/vdb"), ("/dev/nvme0n1", "/dev/vdc")]);
        host.disks.truncate(1);
        host.disks[0].device = "/dev/vdb".into();
        assert_eq!(linked_disks(&host), []);
    }
}
