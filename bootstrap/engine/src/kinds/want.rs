//! How roles write what must be so: one function a kind, and [`Want`] for the rest.
//!
//! ```ignore
//! use regionctl_engine::want::{self, Want as _};
//! want::unit("chrony.service").enabled().active().config(["/etc/chrony/chrony.conf"]);
//! want::file("/etc/chrony/chrony.conf", text).mode("0640").group("_chrony");
//! ```

use regionctl_plan::{Id, Resource, SecretRef, quote};
use serde_json::Value;

use super::authorized_key::proper_part;
use super::edit::ere;
use super::gluster::replicated;
use super::normal;

/// A regular file of root's with mode 0644.
pub fn file(path: &str, content: impl Into<String>) -> Resource {
    Resource::present("file", path).field("content", content.into()).field("mode", "0644").owner("root").group("root")
}

/// A regular file that holds a secret, which is filled in on the way to the host; only root reads it.
pub fn secret_file(path: &str, secret: &SecretRef) -> Resource {
    file(path, secret.to_string()).speaks_of(secret).mode("0600")
}

/// A folder of root's with mode 0755.
pub fn directory(path: &str) -> Resource {
    Resource::present("directory", path).mode("0755").owner("root").group("root")
}

/// One line of a file: what starts with `prefix` becomes `prefix` and `rest`.
pub fn line(path: &str, prefix: &str, rest: &str) -> Resource {
    line_matching(path, prefix.trim(), &format!("^{}", ere(prefix)), &format!("{prefix}{rest}"))
}

/// One line of a file: the first that matches the extended regular expression, which must match `line` too.
pub fn line_matching(path: &str, label: &str, pattern: &str, line: &str) -> Resource {
    let resource = Resource::present("line", format!("{path}:{label}")).field("line", line);
    resource.param("path", path).param("match", pattern)
}

/// An installed package; [`Want::version`] pins it.
pub fn package(name: &str) -> Resource {
    Resource::present("package", name).field("status", "installed")
}

/// A repository of binary packages, signed by a key ring at this path; several words are separated by spaces.
pub fn apt_source(name: &str, uris: &str, suites: &str, components: &str, signed_by: Option<&str>) -> Resource {
    let source = Resource::present("apt_source", name).field("types", "deb").field("uris", uris).field("suites", suites);
    let source = source.field("components", components).field("options", "");
    match signed_by {
        Some(path) => source.field("signed_by", path),
        None => source,
    }
}

/// A systemd unit, with its suffix; say more with [`Want`].
pub fn unit(name: &str) -> Resource {
    Resource::present("unit", name)
}

/// A kernel setting, now and after a boot.
pub fn sysctl(key: &str, value: &str) -> Resource {
    let value = normal(value);
    Resource::present("sysctl", key).field("value", value.as_str()).field("persistent", value)
}

/// A kernel module, now and after a boot.
pub fn kernel_module(name: &str) -> Resource {
    Resource::present("kernel_module", name).field("loaded", true).field("persistent", true)
}

/// A mounted file system, now and after a boot, with options as fstab has them; see [`Want::immutable`].
pub fn mount(point: &str, source: &str, fstype: &str, options: &str) -> Resource {
    let mount = Resource::present("mount", point).field("source", source).field("fstype", fstype);
    mount.field("options", options).field("mounted", true)
}

/// A local user; say more with [`Want`].
pub fn user(name: &str) -> Resource {
    Resource::present("user", name)
}

/// A local group; say more with [`Want`].
pub fn group(name: &str) -> Resource {
    Resource::present("group", name)
}

/// A line of a user's ~/.ssh/authorized_keys. It is named after the key's comment, or the end of the key.
pub fn authorized_key(user: &str, line: &str) -> Resource {
    let line = line.trim();
    let key = proper_part(line).unwrap_or_default();
    let comment = line.split_once(key).map(|(_, comment)| comment.trim()).filter(|comment| !comment.is_empty());
    let tail = key.char_indices().rev().nth(15).map_or(key, |(at, _)| &key[at..]);
    Resource::present("authorized_key", format!("{user}:{}", comment.unwrap_or(tail))).field("key", line).param("key", line)
}

/// A file system, `xfs` or `ext4`, on a device or in a file.
pub fn filesystem(path: &str, sort: &str, label: &str) -> Resource {
    Resource::present("filesystem", path).field("type", sort).field("label", label)
}

/// An LVM volume group over these devices.
pub fn lvm_group<'a>(name: &str, devices: impl IntoIterator<Item = &'a str>) -> Resource {
    let mut devices: Vec<_> = devices.into_iter().collect();
    devices.sort_unstable();
    devices.dedup();
    Resource::present("lvm_group", name).field("devices", devices)
}

/// A linear volume of LVM, active. The size is a number of bytes, or `N%` of the group; `100%` is what is free.
pub fn lvm_volume(group: &str, volume: &str, size: impl Into<Value>) -> Resource {
    let volume = Resource::present("lvm_volume", format!("{group}/{volume}"));
    volume.field("type", "linear").field("size", size).field("active", true)
}

/// A thin pool of LVM, with a size as [`lvm_volume`] takes it.
pub fn lvm_thin_pool(group: &str, pool: &str, size: impl Into<Value>) -> Resource {
    lvm_volume(group, pool, size).field("type", "thin-pool")
}

/// A volume of this many bytes in a thin pool of its group.
pub fn lvm_thin_volume(group: &str, pool: &str, volume: &str, bytes: u64) -> Resource {
    lvm_volume(group, volume, bytes).field("type", "thin").field("pool", pool)
}

/// An encrypted container on a device, opened as `/dev/mapper/NAME`. The key is a passphrase, or a reference to a secret that the
/// resource [speaks of](Resource::speaks_of).
pub fn luks(name: &str, device: &str, key: &str) -> Resource {
    Resource::present("luks", name).field("device", device).field("type", "luks2").field("open", true).param("key", key)
}

/// A Tang server.
#[derive(Debug, Clone, Copy)]
pub struct Tang<'a> {
    /// Where it answers, such as `http://10.0.0.1:7500`.
    pub url: &'a str,
    /// Of the key that signs what it says (SHA-256, RFC 7638).
    pub thumbprint: &'a str,
}

/// The Tang servers of which `threshold` together open a LUKS device; the key is one that opens it already.
pub fn luks_binding(device: &str, threshold: u32, servers: &[Tang<'_>], key: &str) -> Resource {
    let mut servers: Vec<_> = servers.iter().map(|tang| format!("{} {}", tang.url, tang.thumbprint)).collect();
    servers.sort_unstable();
    Resource::present("luks_binding", device).field("servers", servers).field("threshold", threshold).param("key", key)
}

/// A sparse file of this many bytes that stands for a disk.
pub fn loop_file(path: &str, bytes: u64) -> Resource {
    Resource::present("loop_file", path).field("size", bytes)
}

/// Another server of the Gluster pool.
pub fn gluster_peer(name: &str) -> Resource {
    Resource::present("gluster_peer", name).field("state", "connected")
}

/// A brick's folder, on the server that has it; see [`Want::on_root`].
pub fn gluster_brick(path: &str) -> Resource {
    Resource::present("gluster_brick", path).field("directory", true)
}

/// A started replicated volume. Of each `replica` bricks (`host:/path`) the last is an arbiter if `arbiter` is 1.
pub fn gluster_volume(name: &str, replica: u64, arbiter: u64, bricks: &[String]) -> Resource {
    let volume = Resource::present("gluster_volume", name).field("type", replicated(bricks.len(), replica));
    volume.field("replica", replica).field("arbiter", arbiter).field("bricks", bricks).field("started", true)
}

/// A volume's option.
pub fn gluster_option(volume: &str, option: &str, value: &str) -> Resource {
    Resource::present("gluster_option", format!("{volume}/{option}")).field("value", value)
}

/// What a `command` needs to say. Each text is POSIX shell.
pub struct Command<'a> {
    /// Does it.
    pub run: &'a str,
    /// Exits with 0 if it is done; changes nothing.
    pub check: &'a str,
    /// Fails, with a message, if it must not be done now.
    pub guard: &'a str,
    /// The way back.
    pub undo: Undo<'a>,
}

/// The way back from a command.
pub enum Undo<'a> {
    /// Shell that takes it back.
    Run(&'a str),
    /// There is none, for this reason.
    Impossible(&'a str),
}

/// The escape hatch.
pub fn command(name: &str, command: Command<'_>) -> Resource {
    let resource = Resource::present("command", name).field("done", true);
    let resource = resource.param("run", command.run).param("check", command.check).param("guard", command.guard);
    match command.undo {
        Undo::Run(undo) => resource.param("undo", undo),
        Undo::Impossible(reason) => resource.param("no_undo", reason),
    }
}

/// A command that belongs to one run: nothing remembers it. What `takes` names does not exist any more once it has run.
pub fn once(name: &str, what: Command<'_>, takes: &[Id]) -> Resource {
    let resource = command(name, what).param(Resource::ONCE, true);
    let takes: Vec<_> = takes.iter().map(ToString::to_string).collect();
    if takes.is_empty() { resource } else { resource.param(Resource::TAKES, takes) }
}

/// What must be so before anything is changed, and nothing makes so.
pub struct Condition<'a> {
    /// What must be so, in words; unique on a host.
    pub name: &'a str,
    /// POSIX shell that exits with 0 if it is so.
    pub check: &'a str,
    /// The name of the finding if it is not, as `--allow` takes it.
    pub finding: &'a str,
    /// What is not as it should be.
    pub message: &'a str,
    /// What to do.
    pub hint: &'a str,
}

/// A condition of a run: a plan in which it does not hold is forbidden, and its target looks again when the run begins.
pub fn condition(condition: &Condition<'_>) -> Resource {
    let run = format!("echo {} >&2; exit 1", quote(condition.message));
    let undo = Undo::Impossible("it changes nothing");
    let resource = once(condition.name, Command { run: &run, check: condition.check, guard: ":", undo }, &[]);
    let resource = resource.param(Resource::FINDING, condition.finding);
    resource.param("message", condition.message).param("hint", condition.hint)
}

/// What more can be said of a resource, by the names that the kinds document.
pub trait Want: Sized {
    /// Octal, four digits, of a `file` or `directory`.
    #[must_use]
    fn mode(self, mode: &str) -> Self;
    /// The owner's name, of a `file` or `directory`.
    #[must_use]
    fn owner(self, name: &str) -> Self;
    /// The group's name, of a `file` or `directory`; the primary group of a `user`.
    #[must_use]
    fn group(self, name: &str) -> Self;
    /// The version of a `package`.
    #[must_use]
    fn version(self, version: &str) -> Self;
    /// A `unit` that starts at boot.
    #[must_use]
    fn enabled(self) -> Self;
    /// A `unit` that does not start at boot.
    #[must_use]
    fn disabled(self) -> Self;
    /// A `unit` that nothing can start.
    #[must_use]
    fn masked(self) -> Self;
    /// A `unit` that runs.
    #[must_use]
    fn active(self) -> Self;
    /// A `unit` that does not run.
    #[must_use]
    fn stopped(self) -> Self;
    /// A `unit` that was restarted after these files last changed.
    #[must_use]
    fn config<'a>(self, files: impl IntoIterator<Item = &'a str>) -> Self;
    /// A `unit` for which a reload is enough.
    #[must_use]
    fn reload(self) -> Self;
    /// A `unit` that says in these files why it does not start, and not in the journal.
    #[must_use]
    fn log<'a>(self, files: impl IntoIterator<Item = &'a str>) -> Self;
    /// What is right or not by itself from one moment to the next: it makes no plan stale.
    #[must_use]
    fn flapping(self) -> Self;
    /// Anything whose change may cut SSH: the [dead-man switch](crate::deadman) is armed before.
    #[must_use]
    fn may_cut(self) -> Self;
    /// A `mount` whose folder refuses files while nothing is mounted.
    #[must_use]
    fn immutable(self) -> Self;
    /// A `gluster_volume` that is given these options before each start.
    #[must_use]
    fn before_start<'a>(self, options: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self;
    /// A `gluster_option` that a volume heeds from its start on only.
    #[must_use]
    fn at_start(self) -> Self;
    /// A `gluster_brick` that may lie on the root file system.
    #[must_use]
    fn on_root(self) -> Self;
    /// The number of a `user`.
    #[must_use]
    fn uid(self, uid: u32) -> Self;
    /// The number of a `group`.
    #[must_use]
    fn gid(self, gid: u32) -> Self;
    /// All supplementary groups of a `user`.
    #[must_use]
    fn groups<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self;
    /// The home of a `user`.
    #[must_use]
    fn home(self, path: &str) -> Self;
    /// The shell of a `user`.
    #[must_use]
    fn shell(self, path: &str) -> Self;
    /// The full name of a `user`.
    #[must_use]
    fn comment(self, text: &str) -> Self;
    /// A `user` or `group` with a number below 1000.
    #[must_use]
    fn system(self) -> Self;
    /// A `user` without a home of its own.
    #[must_use]
    fn without_home(self) -> Self;
}

impl Want for Resource {
    fn mode(self, mode: &str) -> Self {
        self.field("mode", mode)
    }
    fn owner(self, name: &str) -> Self {
        self.field("owner", name)
    }
    fn group(self, name: &str) -> Self {
        self.field("group", name)
    }
    fn version(self, version: &str) -> Self {
        self.field("version", version)
    }
    fn enabled(self) -> Self {
        self.field("enabled", "enabled")
    }
    fn disabled(self) -> Self {
        self.field("enabled", "disabled")
    }
    fn masked(self) -> Self {
        self.field("enabled", "masked")
    }
    fn active(self) -> Self {
        self.field("active", true)
    }
    fn stopped(self) -> Self {
        self.field("active", false)
    }
    fn config<'a>(self, files: impl IntoIterator<Item = &'a str>) -> Self {
        self.field("current", true).param("config", files.into_iter().collect::<Vec<_>>())
    }
    fn reload(self) -> Self {
        self.param("reload", true)
    }
    fn log<'a>(self, files: impl IntoIterator<Item = &'a str>) -> Self {
        self.param("log", files.into_iter().collect::<Vec<_>>())
    }
    fn flapping(self) -> Self {
        self.param(Resource::FLAPS, true)
    }
    fn may_cut(self) -> Self {
        self.param(Resource::MAY_CUT, true)
    }
    fn immutable(self) -> Self {
        self.param("immutable", true)
    }
    fn before_start<'a>(self, options: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let options: Vec<_> = options.into_iter().map(|(option, value)| vec![option.as_str(), value.as_str()]).collect();
        self.param("before_start", options)
    }
    fn at_start(self) -> Self {
        self.param("at_start", true)
    }
    fn on_root(self) -> Self {
        self.param("on_root", true)
    }
    fn uid(self, uid: u32) -> Self {
        self.field("uid", uid)
    }
    fn gid(self, gid: u32) -> Self {
        self.field("gid", gid)
    }
    fn groups<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        self.field("groups", names)
    }
    fn home(self, path: &str) -> Self {
        self.field("home", path)
    }
    fn shell(self, path: &str) -> Self {
        self.field("shell", path)
    }
    fn comment(self, text: &str) -> Self {
        self.field("comment", text)
    }
    fn system(self) -> Self {
        self.param("system", true)
    }
    fn without_home(self) -> Self {
        self.param("create_home", false)
    }
}
