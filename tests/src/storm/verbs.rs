//! What is disturbed: one line per verb, and one per day-2 change.

/// A verb, as a storm knows it.
#[derive(Debug)]
pub struct Verb {
    /// What it is called in results.
    pub name: &'static str,
    /// Whether the region must be installed before; otherwise nothing must be.
    pub on_installed: bool,
    /// What comes before it, undisturbed.
    pub first: First,
    /// The run that is disturbed.
    pub arguments: &'static [&'static str],
    /// A part of the document without which it makes no sense.
    pub needs: &'static str,
}

/// What an operator does before a run.
#[derive(Debug)]
pub enum First {
    /// Nothing.
    Nothing,
    /// Writes something else in the document, in place of what is there once; it is written back afterwards.
    Edit(&'static str, &'static str),
    /// Another verb, which changes no host.
    Verb(&'static [&'static str]),
}

impl Verb {
    /// Whether the region is installed afterwards.
    pub fn leaves_installed(&self) -> bool {
        self.arguments.first() != Some(&"reset")
    }

    /// Whether it makes sense in a region of this document.
    pub fn fits(&self, document: &str, installed: bool) -> bool {
        self.on_installed == installed && document.contains(self.needs)
    }

    /// The document that it runs with.
    pub fn document(&self, document: &str) -> String {
        match self.first {
            First::Edit(from, to) => document.replacen(from, to, 1),
            First::Nothing | First::Verb(_) => document.to_owned(),
        }
    }
}

const INSTALL: &[&str] = &["install", "--yes"];
const RESET: &[&str] = &["reset", "--yes"];

const fn day_2(name: &'static str, from: &'static str, to: &'static str) -> Verb {
    Verb { name, on_installed: true, first: First::Edit(from, to), arguments: INSTALL, needs: from }
}

const fn renew(name: &'static str, verb: &'static [&'static str], needs: &'static str) -> Verb {
    Verb { name, on_installed: true, first: First::Verb(verb), arguments: INSTALL, needs }
}

const USERS: &str = "users: [{name: alice}, {name: olga, group: operators}]";
const ZONE: &str = "timezone: Europe/Paris";

/// The first install, which every other verb needs.
pub const FIRST: Verb = Verb { name: "install", on_installed: false, first: First::Nothing, arguments: INSTALL, needs: "" };
/// The way back.
pub const BACK: Verb = Verb { name: "reset", on_installed: true, first: First::Nothing, arguments: RESET, needs: "" };

/// Every verb. The second line of `reset` makes it come as often as it matters.
pub static VERBS: &[Verb] = &[
    FIRST,
    BACK,
    BACK,
    Verb {
        name: "disk replace",
        on_installed: true,
        first: First::Nothing,
        arguments: &["disk", "replace", "storage-2:data", "--yes", "--wipe"],
        needs: "server: storage-2, disk: data",
    },
    renew("secrets renew of a server", &["secrets", "renew", "vpn/servers/compute-1"], "servers: [compute-1"),
    renew("secrets renew of the authority", &["secrets", "renew", "vpn/ca"], USERS),
    renew(
        "secrets renew of a Gluster server",
        &["secrets", "renew", "gluster/servers/storage-1"],
        "server: storage-1, disk: data",
    ),
    renew("secrets renew of Gluster's authority", &["secrets", "renew", "gluster/ca"], "layout: arbiter"),
    day_2("a VPN user more", USERS, "users: [{name: alice}, {name: bob}, {name: olga, group: operators}]"),
    day_2("a VPN user less", USERS, "users: [{name: alice}]"),
    day_2("a VPN user of another group", USERS, "users: [{name: alice, group: operators}, {name: olga, group: operators}]"),
    day_2("another time zone", ZONE, "timezone: Asia/Tokyo"),
    day_2("a kernel setting", ZONE, "timezone: Europe/Paris\n    sysctl: {net.ipv4.tcp_keepalive_time: \"300\"}"),
    day_2("a package more", ZONE, "timezone: Europe/Paris\n    packages: [tree]"),
    day_2("less of the log", ZONE, "timezone: Europe/Paris\n    journal: {maxUse: 512MiB}"),
    day_2("fewer attempts at sshd", ZONE, "timezone: Europe/Paris\n    sshd: {maxAuthTries: 4}"),
    day_2("more operators", "operators: [203.0.113.0/24]", "operators: [203.0.113.0/24, 198.51.100.0/24]"),
    day_2(
        "a port opened",
        "operators: [203.0.113.0/24]",
        "operators: [203.0.113.0/24], open: [{port: 9100, from: [10.90.0.0/24]}]",
    ),
    day_2(
        "a public address forwarded",
        "servers: [compute-1, compute-2]}",
        "servers: [compute-1, compute-2], publicAddresses: [203.0.113.200]}",
    ),
    day_2("another port of the VPN", "  vpn:\n", "  vpn:\n    port: 1195\n"),
    day_2("an option of a volume", "layout: arbiter", "layout: arbiter\n        options: {performance.cache-size: 64MB}"),
];
