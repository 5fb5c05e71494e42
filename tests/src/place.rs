//! A lab for a test, and the operator's place inside it.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use ipnetwork::Ipv4Network;
use regionctl_lab::{Debian, HostKind, Lab, LabHost, LabSpec, PublicNetwork, VrackNetwork};

/// A lab that goes when the test ends, however it ends.
pub struct Place {
    name: String,
}

impl Place {
    /// Brings a lab up and runs the test of this name once more, inside it. Gives `None` there, so that the test goes on;
    /// outside, the lab is taken down again and the inner test's verdict is this one's.
    ///
    /// # Errors
    /// The lab does not come up, or the test failed inside.
    pub fn enter(spec: &LabSpec, test: &str) -> Result<Option<Self>, String> {
        if regionctl_lab::is_inside(&spec.name) {
            return Ok(None);
        }
        let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
        // What a run that was killed left behind.
        runtime.block_on(regionctl_lab::down(&spec.name)).map_err(|error| chain(&error))?;
        let place = Self { name: spec.name.clone() };
        runtime.block_on(regionctl_lab::up(spec, &|_| {})).map_err(|error| chain(&error))?;
        let enter = regionctl_lab::enter_command(&spec.name).map_err(|error| chain(&error))?;
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let [program, arguments @ ..] = enter.words() else { return Err("no way into the lab".into()) };
        let mut command = Command::new(program);
        command.args(arguments).arg(this).args(["--exact", test, "--nocapture", "--include-ignored"]);
        let status = command.status().map_err(|error| error.to_string())?;
        if status.success() { Ok(Some(place)) } else { Err(format!("{test} failed inside the lab: {status}")) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Runtime::new() else { return };
        if let Err(error) = runtime.block_on(regionctl_lab::down(&self.name)) {
            eprintln!("lab {}: {}", self.name, chain(&error));
        }
    }
}

/// The folder that a lab keeps everything in, also before it is up.
pub fn lab_folder(lab: &str) -> PathBuf {
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".into());
    let state = std::env::var("XDG_STATE_HOME").unwrap_or_else(|_| format!("{home}/.local/state"));
    PathBuf::from(state).join("regionctl/lab").join(lab)
}

/// An error with its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    message
}

/// A lab of plain hosts, `10.99.0.11` and up on the public network and `10.98.0.11` and up on the vrack.
pub fn hosts(name: &str, hosts: &[(&str, Debian, HostKind)]) -> LabSpec {
    let network = |third: u8| (Ipv4Addr::new(10, third, 0, 0), Ipv4Addr::new(10, third, 0, 1));
    let cidr = |third| Ipv4Network::new_checked(network(third).0, 24).unwrap_or_else(|| Ipv4Network::from(network(third).0));
    let host = |(position, (name, debian, kind)): (usize, &(&str, Debian, HostKind))| {
        let last = 11 + u8::try_from(position).unwrap_or_default();
        LabHost {
            name: (*name).to_owned(),
            kind: *kind,
            debian: *debian,
            public_address: Ipv4Addr::new(10, 99, 0, last),
            public_interface: "eno1".into(),
            public_mac: None,
            vrack_address: Some(Ipv4Addr::new(10, 98, 0, last)),
            vrack_interface: "eno2".into(),
            vrack_mac: None,
            disks: Vec::new(),
            memory_mib: 1024,
            cpus: 2,
            ssh_port: 22,
        }
    };
    LabSpec {
        name: name.into(),
        public: PublicNetwork { cidr: cidr(99), gateway: network(99).1 },
        vrack: VrackNetwork { cidr: cidr(98), mtu: 1500, vlan: None },
        hosts: hosts.iter().enumerate().map(host).collect(),
        authorized_keys: Vec::new(),
        extra_packages: Vec::new(),
        user: None,
    }
}

/// How to reach the hosts of a lab that is up, remembering in `folder`.
///
/// # Errors
/// There is no such lab.
pub fn access(lab: &str, folder: PathBuf) -> Result<crate::wish::Access, String> {
    let lab = Lab::open(lab).map_err(|error| chain(&error))?;
    let hosts = lab.spec().hosts.iter().map(|host| (host.name.clone(), host.public_address.to_string()));
    Ok(crate::wish::Access {
        folder,
        identity: lab.identity_file(),
        known_hosts: lab.known_hosts_file(),
        hosts: hosts.collect(),
        lease: 120,
        window: 60,
        adoption: regionctl_engine::ADOPTION.as_secs(),
        connections: None,
    })
}
