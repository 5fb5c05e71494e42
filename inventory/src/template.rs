//! The document that `regionctl init` writes: commented, valid, and true as far as the servers were seen.

use std::{
    collections::BTreeSet,
    fmt::{self, Write},
};

use crate::{
    API_VERSION, KIND,
    validate::is_reserved,
    values::{Device, Host, Mac, Name},
};

/// The release that a new document asks for.
pub const NEW_RELEASE: &str = "2026.11";

/// The bricks' size when no disk of the arbiter's server is known.
const ARBITER_SIZE: &str = "10GiB";

/// The most servers for which ranges of 256 addresses are enough.
const FEW: usize = 100;

/// What is known of a server before there is a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerGuess {
    /// Its host name; one that is no valid name, or not the only one of its kind, is replaced.
    pub name: String,
    /// The address or DNS name that it was reached at.
    pub address: String,
    /// Its network cards.
    pub nics: Vec<NicGuess>,
    /// Its disks.
    pub disks: Vec<DiskGuess>,
    /// Its memory in bytes, when known.
    pub memory: Option<u64>,
    /// Its system, as `PRETTY_NAME` of `/etc/os-release` has it, when known.
    pub os: Option<String>,
}

/// What is known of a network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NicGuess {
    /// Its name.
    pub name: String,
    /// Its MAC address.
    pub mac: String,
    /// Its addresses, without prefix length.
    pub addresses: Vec<String>,
    /// Whether the default route goes through it.
    pub default_route: bool,
}

/// What is known of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskGuess {
    /// Its device; a path under `/dev/disk/by-id` is best.
    pub device: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether something is on it: partitions, a file system, a mount.
    pub in_use: bool,
}

impl ServerGuess {
    /// Servers of which only the number is known, named as in the reference region: 4 are compute-1, compute-2, storage-1
    /// and storage-2. Their addresses are of a range for documentation (RFC 5737), to be replaced.
    pub fn numbered(count: usize) -> Vec<Self> {
        let storage = if count < 4 { 0 } else { count.div_ceil(2).min(count - 2) };
        let compute = count - storage;
        let of = |kind: &'static str, count: usize| (1..=count).map(move |number| format!("{kind}-{number}"));
        let name = of("compute", compute).chain(of("storage", storage)).enumerate();
        let server = |(i, name)| Self { name, address: format!("203.0.113.{}", 11 + i % 240), ..Self::default() };
        name.map(server).collect()
    }
}

/// A commented document for these servers, which [`crate::parse`] accepts. Layers that would need a decision are there as
/// comments. With no servers it describes one, to be filled in.
pub fn template(servers: &[ServerGuess]) -> String {
    let numbered = ServerGuess::numbered(1);
    let servers = plan(if servers.is_empty() { &numbered } else { servers });
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, &servers);
    out
}

/// A server of the document.
struct Planned<'a> {
    name: String,
    address: String,
    storage: bool,
    compute: bool,
    /// The largest disk with nothing on it.
    disk: Option<&'a DiskGuess>,
    /// The first network card that is not the way in.
    card: Option<Mac>,
    guess: &'a ServerGuess,
}

impl Planned<'_> {
    fn roles(&self) -> &'static str {
        match (self.compute, self.storage) {
            (true, true) => "compute, storage",
            (false, true) => "storage",
            _ => "compute",
        }
    }
}

/// Decides what is not known. Whatever a scan brings, the document is valid.
fn plan(guesses: &[ServerGuess]) -> Vec<Planned<'_>> {
    let mut names = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    let mut cards = BTreeSet::new();
    let by_name = guesses.iter().any(|guess| guess.name.starts_with("storage"));
    let few = guesses.len() < 4;
    let mut out = Vec::new();
    for (number, guess) in (1..).zip(guesses) {
        let mut name = guess.name.clone();
        if name.parse::<Name>().is_err() || is_reserved(&name) || !names.insert(name.clone()) {
            name = (number..).map(|n| format!("server-{n}")).find(|name| names.insert(name.clone())).unwrap_or_default();
        }
        let mut address = guess.address.trim().to_owned();
        let host = address.parse::<Host>().ok();
        if !host.is_some_and(|host| addresses.insert(host)) {
            address = format!("server-{number}.invalid");
        }
        let empty = guess.disks.iter().filter(|disk| !disk.in_use && disk.device.parse::<Device>().is_ok());
        let disk = empty.max_by_key(|disk| disk.size);
        let spare = guess.nics.iter().filter(|nic| !nic.default_route && !nic.addresses.contains(&guess.address));
        let card = spare.filter_map(|nic| nic.mac.parse::<Mac>().ok()).find(|mac| cards.insert(*mac));
        let storage = few || if by_name { name.starts_with("storage") } else { disk.is_some() };
        out.push(Planned { compute: few || !by_name || !storage, name, address, storage, disk, card, guess });
    }
    out
}

fn write(out: &mut String, servers: &[Planned<'_>]) -> fmt::Result {
    head(out)?;
    let few = servers.len() <= FEW;
    network(out, few)?;
    writeln!(out, "\n  # The servers: Debian 12 or 13, reached over SSH, nothing prepared on them.\n  servers:")?;
    let wanted = volume(servers);
    for (number, planned) in servers.iter().enumerate() {
        server(out, number, planned, few, wanted.contains(&number))?;
    }
    base(out)?;
    gluster(out, servers, &wanted)?;
    machines(out, servers, few)?;
    rest(out)
}

fn head(out: &mut String) -> fmt::Result {
    write!(
        out,
        "\
# A region: its servers, and what they become.
#
#   regionctl validate     checks this file, all mistakes at once
#   regionctl plan         shows what would change, and changes nothing
#   regionctl install      does it
#
# What is left out has a default; `regionctl schema` and the inventory page of the docs list every field.
apiVersion: {API_VERSION}
kind: {KIND}
metadata:
  name: region-1            # never changes once the region is installed
spec:
  # domain: region-1.example.org      # left out: NAME.internal
  release: {NEW_RELEASE:?}        # versions of everything come from it

  ssh:
    user: root
    # identityFile: ~/.ssh/id_ed25519
    # bastion: {{host: bastion.example.org, user: ops}}
"
    )
}

fn network(out: &mut String, few: bool) -> fmt::Result {
    let [servers, machines, balancers] = match few {
        true => ["10.90.1.0/24", "10.90.2.0/24", "10.90.3.0/24"],
        false => ["10.90.16.0/20", "10.90.64.0/18", "10.90.128.0/20"],
    };
    write!(
        out,
        "
  # The vrack is the private network between the servers.
  network:
    vrack:
      cidr: 10.90.0.0/16
      # vlan: 100
      # mtu: 9000           # only where all switches between the servers carry it
    ranges:
      servers: {servers}
      machines: {machines}
      loadBalancers: {balancers}
      vpn: 10.91.0.0/24
      services: 10.96.0.0/16
      pods: 10.244.0.0/16
    # gateway: {{vip: 10.90.0.1}}
    # dns: {{servers: [9.9.9.9]}}
    # firewall: {{operators: [198.51.100.0/24]}}
    # ntp: {{servers: [ntp.example.org]}}
"
    )
}

fn server(out: &mut String, number: usize, planned: &Planned<'_>, few: bool, brick: bool) -> fmt::Result {
    let Planned { name, address, disk, card, guess, .. } = planned;
    let memory = guess.memory.map(|bytes| format!("{} GiB of memory", bytes >> 30));
    let seen: Vec<String> = guess.os.iter().map(|os| one_line(os)).chain(memory).collect();
    if !seen.is_empty() {
        writeln!(out, "    # {}", seen.join(", "))?;
    }
    writeln!(out, "    - name: {name}")?;
    writeln!(out, "      roles: [{}]", planned.roles())?;
    writeln!(out, "      address: {address:?}")?;
    writeln!(out, "      vrack:")?;
    match card {
        Some(mac) => writeln!(out, "        mac: {:?}", mac.to_string())?,
        None => writeln!(
            out,
            "        # mac: 0c:42:a1:00:00:01      # or `interface: eno2`; left out, the card that has the address"
        )?,
    }
    let (high, low) = ((number + 11) / 256, (number + 11) % 256);
    writeln!(out, "        address: 10.90.{}.{low}", high + if few { 1 } else { 16 })?;
    match disk {
        Some(disk) => {
            writeln!(out, "      disks:")?;
            data_disk(out, disk.device.as_str(), &format!("{} GiB, nothing on it", disk.size >> 30))
        }
        None if brick => {
            writeln!(out, "      disks:")?;
            data_disk(out, "/dev/sdb", "check it: an empty disk, best by its link in /dev/disk/by-id")
        }
        None => Ok(()),
    }
}

fn data_disk(out: &mut String, device: &str, remark: &str) -> fmt::Result {
    writeln!(out, "        - name: data")?;
    writeln!(out, "          device: {device:?}      # {remark}")?;
    writeln!(out, "          # encrypt: false    # encrypted unless you say so, and opened at boot by the other servers")
}

fn base(out: &mut String) -> fmt::Result {
    write!(
        out,
        "
  # What is true on every server.
  base:
    timezone: Etc/UTC
    securityUpdates: true
    # packages: [htop, tcpdump]
    # sysctl: {{vm.swappiness: 10}}
    # authorizedKeys: [ssh-ed25519 AAAA… name]
"
    )
}

/// The servers with a brick that holds data: two for a volume with an arbiter. None when three servers are not there.
fn volume(servers: &[Planned<'_>]) -> Vec<usize> {
    if servers.len() < 3 {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..servers.len()).collect();
    order.sort_by_key(|i| servers.get(*i).is_none_or(|server| !server.storage));
    order.truncate(2);
    order
}

fn gluster(out: &mut String, servers: &[Planned<'_>], data: &[usize]) -> fmt::Result {
    let arbiter = (0..servers.len()).find(|i| !data.contains(i)).and_then(|i| servers.get(i));
    let Some(arbiter) = arbiter.filter(|_| data.len() == 2) else {
        return writeln!(
            out,
            "\n  # GlusterFS needs three servers: two with the data, one with the arbiter.\n  # gluster: {{volumes: []}}"
        );
    };
    write!(
        out,
        "
  # A file system that survives the loss of any one server.
  gluster:
    volumes:
      - name: data
        layout: arbiter     # two copies; the arbiter holds names only and settles which copy is right
        bricks:
"
    )?;
    for server in data.iter().filter_map(|i| servers.get(*i)) {
        writeln!(out, "          - {{server: {}, disk: data}}", server.name)?;
    }
    match arbiter.disk {
        Some(_) => writeln!(out, "          - {{server: {}, disk: data, arbiter: true}}", arbiter.name)?,
        None => writeln!(out, "          - {{server: {}, loop: {{size: {ARBITER_SIZE}}}, arbiter: true}}", arbiter.name)?,
    }
    writeln!(out, "        mounts:\n          - path: /srv/data      # on every server; `servers:` or `roles:` choose some")
}

fn machines(out: &mut String, servers: &[Planned<'_>], few: bool) -> fmt::Result {
    let address = |number: usize| format!("10.90.{}.{}", number / 256 + if few { 2 } else { 64 }, number % 256);
    let mut order: Vec<&Planned<'_>> = servers.iter().filter(|server| server.compute).collect();
    order.extend(servers.iter().filter(|server| !server.compute));
    let planes = if order.len() < 3 { 1 } else { 3 };
    write!(
        out,
        "
  # Virtual machines, and Kubernetes on them.
  hypervisor:
    kind: proxmox           # or libvirt, or none: Kubernetes directly on the servers

  machines:
"
    )?;
    // An etcd of three on three servers survives the loss of one.
    for (number, server) in order.iter().take(planes).enumerate() {
        let name = format!("control-plane-{}", number + 1);
        writeln!(out, "    - name: {name}\n      role: control-plane\n      server: {}", server.name)?;
        writeln!(out, "      cpus: 4\n      memory: 8GiB\n      disk: 40GiB\n      address: {}", address(11 + number))?;
    }
    for (number, server) in order.iter().filter(|server| server.compute).enumerate() {
        let name = format!("worker-{}", number + 1);
        writeln!(out, "    - name: {name}\n      role: worker\n      server: {}", server.name)?;
        writeln!(out, "      cpus: 8\n      memory: 32GiB\n      disk: 100GiB\n      address: {}", address(21 + number))?;
    }
    writeln!(out, "\n  kubernetes:\n    version: \"1.36\"\n    cni: calico             # or bridge")
}

fn rest(out: &mut String) -> fmt::Result {
    write!(
        out,
        "
  # vpn: {{users: [{{name: alice, group: operators}}]}}
  # registry: {{}}
  # addons: {{loadBalancer: {{}}, ingress: {{}}, certManager: {{}}, metrics: {{}}, logs: {{}}, dashboard: {{}}}}
  # services: {{vault: {{}}, keycloak: {{}}, gitlab: {{}}, harbor: {{}}, argocd: {{}}}}
  # console: {{}}
  # backup: {{target: s3://s3.example.org/backups/region-1}}

  # How `regionctl lab` plays this region on one machine.
  # lab: {{image: debian-13, kind: container}}
"
    )
}

/// What a server says of itself stands in a comment: it must not end the line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}
