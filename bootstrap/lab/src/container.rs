//! Container hosts: `systemd-nspawn` on an overlay of the image, in namespaces of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use regionctl_plan::Argv;
use rustix::process::Signal;

use crate::daemon::{self, Process, machine_has_systemd};
use crate::image::{Image, create_dir, write};
use crate::names::{bridge, host_namespace, namespace, port};
use crate::network::{ensure_namespace, inside, interfaces, ip, ip_batch};
use crate::paths::{HostPaths, LabPaths};
use crate::record::Record;
use crate::run::succeeds;
use crate::spec::{LabHost, LabSpec, Network};
use crate::{LabError, cgroup, cut, disks, mounts, wait};

/// Time for a clean shutdown: as long as systemd gives a service to stop.
const SHUTDOWN: Duration = Duration::from_secs(95);

/// Device nodes of the machine that hosts need, where the machine has them.
const DEVICES: [&str; 5] = ["/dev/fuse", "/dev/kmsg", "/dev/kvm", "/dev/loop-control", "/dev/net/tun"];

/// Starts a container host.
pub(crate) async fn start(record: &Record, host: &LabHost, image: &Image) -> Result<Process, LabError> {
    let spec = &record.spec;
    let paths = LabPaths::new(&spec.name).host(&host.name);
    let unit = host_namespace(&spec.name, &host.name);
    for folder in [paths.upper(), paths.work(), paths.mount()] {
        create_dir(&folder)?;
    }
    end(&spec.name, &host.name).await?;
    plug(record, host).await?;
    disks::ensure_files(host, &paths)?;
    let devices = disks::attach(host, &paths).await?;
    write(&paths.boot(), boot_script(spec, host, &paths, image, &devices).as_bytes())?;
    let argv = inside(&unit).args(["unshare", "--mount", "--propagation", "slave", "sh"]).arg(paths.boot().display().to_string());
    daemon::start(&daemon::marks(&spec.name, &host.name), &unit, &argv, &paths.console()).await
}

/// Lays the host's cables, unless they lie there.
///
/// The NICs wait in a namespace of the host, under their final names; the container takes them from there, and they
/// come back without any address when it ends, as a server's NICs do.
async fn plug(record: &Record, host: &LabHost) -> Result<(), LabError> {
    let spec = &record.spec;
    let (lab, own) = (namespace(&spec.name), host_namespace(&spec.name, &host.name));
    ensure_namespace(&own).await?;
    let (ports, nics) = (interfaces(&lab).await?, interfaces(&own).await?);
    for network in Network::ALL {
        let (nic, port) = (host.interface(network), port(&host.name, network));
        if !(ports.contains(&port) && nics.contains(nic)) {
            // Half a cable is what is left when the container was killed with its namespace.
            if ports.contains(&port) {
                gone(&lab, &port).await?;
            }
            let mac = host.mac(&spec.name, network);
            let bridge = bridge(network);
            let mtu = if network == Network::Vrack { spec.vrack.mtu } else { 1500 };
            let mut commands = String::new();
            let _ = writeln!(commands, "link add {port} mtu {mtu} type veth peer name {nic} address {mac} mtu {mtu} netns {own}");
            let _ = writeln!(commands, "link set {port} master {bridge}");
            ip_batch(&lab, &commands).await?;
        }
        cut::apply_port(record, &host.name, network).await?;
    }
    Ok(())
}

/// Removes a port. The kernel may be removing it itself.
async fn gone(lab: &str, port: &str) -> Result<(), LabError> {
    succeeds(&ip(lab).args(["link", "delete", port])).await;
    wait::until(format!("interface `{port}` to go"), Duration::from_secs(10), || async {
        Ok((!interfaces(lab).await?.contains(port)).then_some(()))
    })
    .await
}

/// The script that is the host's power supply: it ends when the host is off, and boots it again when it reboots.
fn boot_script(spec: &LabSpec, host: &LabHost, paths: &HostPaths, image: &Image, devices: &[(String, String)]) -> String {
    let unit = host_namespace(&spec.name, &host.name);
    let overlay =
        format!("lowerdir={},upperdir={},workdir={}", image.tree().display(), paths.upper().display(), paths.work().display());
    let mount =
        Argv::new("mount").args(["-t", "overlay", "-o"]).arg(overlay).arg("overlay").arg(paths.mount().display().to_string());
    let nspawn = nspawn(spec, host, paths, devices);
    include_str!("files/boot.sh")
        .replace("@UNIT@", &regionctl_plan::quote(&unit))
        .replace("@MOUNT@", &mount.to_string())
        .replace("@NSPAWN@", &nspawn.to_string())
}

fn nspawn(spec: &LabSpec, host: &LabHost, paths: &HostPaths, devices: &[(String, String)]) -> Argv {
    let unit = host_namespace(&spec.name, &host.name);
    let mut argv = Argv::new("systemd-nspawn")
        .args(["--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe"])
        .args(["--resolv-conf=off", "--timezone=off", "--link-journal=no"])
        .arg(format!("--directory={}", paths.mount().display()))
        .arg(format!("--machine={unit}"))
        .arg(format!("--hostname={}", host.name))
        // The clock and the modules are the machine's: a host must not change them.
        .args(["--capability=all", "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE"])
        .arg("--system-call-filter=@mount @keyring bpf add_key keyctl");
    for mark in daemon::marks(&spec.name, &host.name) {
        argv = argv.arg(format!("--setenv={mark}"));
    }
    for network in Network::ALL {
        argv = argv.arg(format!("--network-interface={}", host.interface(network)));
    }
    for device in DEVICES.iter().filter(|device| Path::new(device).exists()) {
        argv = argv.arg(format!("--bind={device}"));
    }
    for (device, path) in devices {
        argv = argv.arg(format!("--bind={device}:{path}"));
    }
    argv
}

/// The container's own systemd, and the `systemd-nspawn` that started it.
struct Inside {
    nspawn: Process,
    init: Process,
}

fn look_inside(power: Process) -> Option<Inside> {
    // Script, then `systemd-nspawn`, then the container's first process; some versions put one more in between.
    let is = |process: &Process, name: &str| {
        std::fs::read_to_string(format!("/proc/{}/comm", process.pid())).is_ok_and(|comm| comm.trim() == name)
    };
    let nspawn = power.children().into_iter().find(|child| is(child, "systemd-nspawn"))?;
    let init = nspawn.children().into_iter().find(|child| is(child, "systemd"))?;
    Some(Inside { nspawn, init })
}

/// Asks the host to shut down, and waits for it.
pub(crate) async fn power_off(host: &str, power: Process) -> Result<(), LabError> {
    if let Some(inside) = look_inside(power) {
        inside.nspawn.signal(Signal::TERM);
    }
    power.ended(&format!("host `{host}`"), SHUTDOWN).await
}

/// Ends the host as a power loss would: no process of it gets a chance.
pub(crate) async fn power_loss(host: &str, power: Process) -> Result<(), LabError> {
    if let Some(inside) = look_inside(power) {
        // `systemd-nspawn` sees it and gives the NICs back.
        inside.init.signal(Signal::KILL);
        let _ = power.ended(&format!("host `{host}`"), Duration::from_secs(20)).await;
    }
    Ok(())
}

/// Makes sure that nothing of a host runs, whatever happened to a part of it.
pub(crate) async fn end(lab: &str, host: &str) -> Result<(), LabError> {
    let find = || daemon::of_host(lab, host);
    let roots = roots(lab, &find());
    daemon::kill_all(&format!("host `{host}`"), find).await?;
    for root in roots {
        disks::detach_on(&root).await?;
    }
    cleared(lab, host).await
}

/// The root file systems of running containers of a lab, to find the loop devices that they attached.
pub(crate) fn roots(lab: &str, processes: &[(Process, String)]) -> BTreeSet<String> {
    let folder = LabPaths::new(lab).root;
    processes.iter().filter_map(|(process, _)| mounts::overlay_root(process.pid(), &folder)).collect()
}

/// Waits until nothing of a container is left but its cables.
async fn cleared(lab: &str, host: &str) -> Result<(), LabError> {
    let unit = host_namespace(lab, host);
    if machine_has_systemd() {
        let show = Argv::new("systemctl").args(["is-active", "--quiet"]).arg(format!("{unit}.service"));
        return wait::until(format!("unit `{unit}` to end"), Duration::from_secs(20), || async {
            Ok((!succeeds(&show).await).then_some(()))
        })
        .await;
    }
    wait::until(format!("the cgroups of host `{host}` to empty"), Duration::from_secs(20), || async {
        cgroup::clear(&cgroup::existing(&unit));
        Ok(cgroup::existing(&unit).is_empty().then_some(()))
    })
    .await
}
