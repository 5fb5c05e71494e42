//! The kinds of GlusterFS. Volumes are read from glusterd's own store, which is what `gluster volume info` prints: at once,
//! also while glusterd is down.
//!
//! * `gluster_peer`: another server of the pool, by name or address. Field: `state` (`connected`, or what else gluster says).
//! * `gluster_brick`: a brick's folder on its own server, by path. Field: `directory` (true). Parameter: `on_root` (true: it may
//!   lie on the root file system). Its data is left; its marks are removed, so that a later volume may have it.
//! * `gluster_volume`: by name. Fields: `type`, `replica`, `arbiter` (0 or 1), `bricks` (in order, `host:/path`), `started`.
//!   Only `started` is mended: bricks are replaced by a verb of their own. Parameter: `before_start` (pairs of option and value
//!   that are set before each start).
//! * `gluster_option`: by `VOLUME/OPTION`. Field: `value`. Parameter: `at_start` (true: a volume that runs goes on as it was
//!   started, so the option is not changed while it does).

use regionctl_plan::{Action, Change, Fields, Resource, quote};
use serde_json::Value;

use super::edit::{EDIT, lines_matching};
use super::{HOST, flag, list, number, text, words};
use crate::kind::{Kind, Refusal, Rows};

/// Asks glusterd a question that is asked in every run. Before anything else the program starts a whole Python, to see if
/// geo-replication is there, which takes five times as long as the answer; with this variable it is a Python that does nothing.
pub const ASK: &str = "PYTHON=/bin/true timeout 10 gluster";

/// `gluster_try WORDS…` runs one command, and tries again while another transaction holds the cluster's
/// lock, a brick's process of a moment ago is still going down, or new peers do not know each other yet. See [`ASK`] for the variable.
/// `gluster_make VOLUME WORDS…` makes a volume, unless another server with bricks of it has it: then this one was taken back with an
/// empty store, and a second volume of the name would be another one than that of the bricks. Every one of them must say so.
/// `gluster_one_name PEER` makes glusterd forget the other names of a peer, of which one may lead nowhere any more;
/// `gluster_comes_back SECONDS COMMAND…` waits for what a glusterd that was started just now finds by itself, and says if it came.
pub const CLI: &str = r#"
export PYTHON=/bin/true
gluster_try() {
  _end=$(($(seconds) + 60))
  until _out=$(timeout -k 5 150 gluster --mode=script "$@" 2>&1); do
    case $? in 124 | 137) fail "gluster $* did not end within 150 s; see: systemctl status glusterd" ;; esac
    case $_out in
      # What a glusterd that went away has locked is free after three minutes.
      *'nother transaction'* | *'ocking failed'*) [ "$(seconds)" -lt "$((_end + 140))" ] || fail "$_out" ;;
      *'ommit failed'* | *' not connected'* | *"Peer in Cluster"*) [ "$(seconds)" -lt "$_end" ] || fail "$_out" ;;
      *) fail "$_out" ;;
    esac
    heed
    sleep 0.5
  done
  printf '%s\n' "$_out"
}
gluster_runs() { systemctl is-active -q glusterd; }
gluster_volume() { grep -qs "^status=" -- "/var/lib/glusterd/vols/$1/info"; }
gluster_started() { grep -qsx "status=1" -- "/var/lib/glusterd/vols/$1/info"; }
gluster_stopped() { ! gluster_started "$1"; }
gluster_make() {
  _until=$(($(seconds) + 60))
  for _word in "$@"; do
    case $_word in *:/*) _host=${_word%%:*} ;; *) continue ;; esac
    [ "$_host" != "$(uname -n)" ] || continue
    until _said=$(timeout 20 gluster --mode=script --remote-host="$_host" volume info "$1" 2>&1); do
      case $_said in *'does not exist'* | *'No volumes present'*) continue 2 ;; esac
      [ "$(seconds)" -lt "$_until" ] || fail "cannot ask $_host for the volume $1: $_said"
      heed
      sleep 0.5
    done
    gluster_volume "$1" || gluster_try volume sync "$_host" "$1"
    until_true 60 "the volume $1 of $_host" gluster_volume "$1"
    return 0
  done
  gluster_try volume create "$@"
}
gluster_comes_back() {
  _end=$(($(seconds) + $1)); shift
  until "$@"; do
    [ "$(seconds)" -lt "$_end" ] || return 1
    heed
    sleep 0.5
  done
}
gluster_answers() { timeout 10 gluster peer status >/dev/null 2>&1; }
gluster_one_name() {
  for _file in /var/lib/glusterd/peers/*; do
    grep -qsx "hostname[0-9]*=$1" "$_file" || continue
    [ "$(grep '^hostname' "$_file")" != "hostname1=$1" ] || return 0
    systemctl stop glusterd
    # Not beside the others: glusterd reads every file of that folder.
    cp -a -- "$_file" /var/lib/glusterd/peer.regionctl
    { grep -v '^hostname' -- "$_file"; printf 'hostname1=%s\n' "$1"; } >/var/lib/glusterd/peer.regionctl
    replace /var/lib/glusterd/peer.regionctl "$_file"
    systemctl start glusterd
    until_true 60 'glusterd to answer' gluster_answers
    return 0
  done
}
gluster_peer() {
  timeout 10 gluster peer status 2>/dev/null |
    awk -v RS= -v name="$1" -v state="$2" 'index($0, state) { for (i = 1; i <= NF; i++) if ($i == name) found = 1 } END { exit !found }'
}
"#;

/// See the module.
pub struct Peer;

impl Kind for Peer {
    fn name(&self) -> &'static str {
        "gluster_peer"
    }

    fn observe(&self, _resources: &[&Resource]) -> String {
        format!(
            "systemctl is-active -q glusterd && {ASK} peer status 2>/dev/null | while IFS= read -r line; do row {} line \"$line\"; done\n:\n",
            quote(HOST)
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let lines = rows.all(HOST, "line");
        let mut peers = lines.split(String::is_empty);
        let is_name = |line: &String| line.strip_prefix("Hostname: ").unwrap_or(line).trim() == resource.id.name;
        let peer = peers.find(|peer| peer.iter().any(is_name))?;
        let state = peer.iter().find_map(|line| line.strip_prefix("State: "))?;
        let state = match state {
            "Peer in Cluster (Connected)" => "connected".to_owned(),
            "Peer in Cluster (Disconnected)" => "disconnected".to_owned(),
            other => other.to_lowercase(),
        };
        Some(Fields::from([("state".into(), state.into())]))
    }

    fn flaps(&self) -> &'static [&'static str] {
        &["state"]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        let each = changes.iter().map(|change| {
            let peer = quote(&change.id().name);
            match change.after() {
                None => format!(
                    "if gluster_runs; then ! gluster_peer {peer} State: || gluster_try peer detach {peer}; else echo left: the peer {peer}, glusterd is not running; fi\n"
                ),
                Some(_) if change.action == Action::Return => String::new(),
                Some(_) => format!(
                    "! gluster_peer {peer} State: || gluster_comes_back 20 gluster_peer {peer} '(Connected)' || gluster_one_name {peer}\ngluster_peer {peer} '(Connected)' || gluster_try peer probe {peer}\nuntil_true 60 'the peer '{peer} gluster_peer {peer} 'Peer in Cluster (Connected)'\n"
                ),
            }
        });
        CLI.to_owned() + &each.collect::<String>()
    }
}

/// See the module.
pub struct Brick;

impl Kind for Brick {
    fn name(&self) -> &'static str {
        "gluster_brick"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let paths = words(resources.iter().map(|r| &r.id.name));
        format!("for path in {paths}; do [ ! -d \"$path\" ] || row \"$path\" directory true; done\n")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        rows.get(&resource.id.name, "directory").map(|_| Fields::from([("directory".into(), true.into())]))
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        super::data::no_undo(resource)
    }

    fn guard(&self, change: &Change) -> String {
        if change.action == Action::Return
            || change.after().is_none()
            || flag(Some(&change.resource.params), "on_root") == Some(true)
        {
            return String::new();
        }
        let path = quote(&change.id().name);
        format!(
            r#"at={path}
until [ -d "$at" ]; do at=$(dirname -- "$at"); done
[ "$(stat -c %d -- "$at")" != "$(stat -c %d /)" ] || fail the brick {path} would fill the root file system: its mount is missing
"#
        )
    }

    fn apply(&self, changes: &[&Change]) -> String {
        let each = changes.iter().map(|change| {
            let path = quote(&change.id().name);
            match change.after() {
                Some(_) => format!("make_dirs {path}\n"),
                None => format!(
                    r#"if [ -d {path} ]; then
  for mark in trusted.glusterfs.volume-id trusted.gfid; do
    if getfattr -n "$mark" -- {path} >/dev/null 2>&1; then setfattr -x "$mark" -- {path}; fi
  done
fi
unmake {path}
[ ! -d {path} ] || {left}
"#,
                    left = super::data::left(&change.resource, &format!("{path} with its data"))
                ),
            }
        });
        EDIT.to_owned() + &each.collect::<String>()
    }
}

/// See the module.
pub struct Volume;

/// More bricks than a volume has: the number comes from a host.
const MAX_BRICKS: u64 = 10_000;
/// What may not change while a volume exists.
const SHAPE: [&str; 4] = ["type", "replica", "arbiter", "bricks"];

impl Kind for Volume {
    fn name(&self) -> &'static str {
        "gluster_volume"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let files = resources.iter().map(|r| format!("{} {}/bricks/*", quote(&info(&r.id.name)), quote(&folder(&r.id.name))));
        let fields = quote("^(type|status|count|sub_count|replica_count|arbiter_count|brick-[0-9]+|hostname|path)=");
        lines_matching(&fields, &files.collect::<Vec<_>>().join(" "))
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let name = &resource.id.name;
        let info = info(name);
        let number = |key: &str| value(rows, &info, key).and_then(|value| value.parse::<u64>().ok()).unwrap_or_default();
        let started = value(rows, &info, "status")? == "1";
        let sort = match value(rows, &info, "type")? {
            "0" => "distribute",
            "2" if number("count") > number("sub_count") => "distributed-replicate",
            "2" => "replicate",
            "4" => "disperse",
            other => other,
        };
        let bricks = (0..number("count").min(MAX_BRICKS)).filter_map(|i| {
            let file = format!("{}/bricks/{}", folder(name), value(rows, &info, &format!("brick-{i}"))?);
            Some(format!("{}:{}", value(rows, &file, "hostname")?, value(rows, &file, "path")?))
        });
        Some(Fields::from([
            ("type".into(), sort.into()),
            ("replica".into(), number("replica_count").into()),
            ("arbiter".into(), number("arbiter_count").into()),
            ("bricks".into(), bricks.collect::<Vec<_>>().into()),
            ("started".into(), started.into()),
        ]))
    }

    fn refuses(&self, change: &Change) -> Option<Refusal> {
        let (Some(have), Some(want), true) = (&change.before, change.after(), change.action != Action::Return) else {
            return None;
        };
        let field = SHAPE.iter().find(|field| want.get(**field).is_some_and(|want| have.get(**field) != Some(want)))?;
        let bricks = |fields| list(Some(fields), "bricks");
        let only = |some: Vec<&str>, others: Vec<&str>| {
            some.into_iter().filter(|brick| !others.contains(brick)).collect::<Vec<_>>().join(", ")
        };
        let (gone, new) = (only(bricks(have), bricks(want)), only(bricks(want), bricks(have)));
        let how = match (gone.is_empty(), new.is_empty()) {
            (true, true) => String::new(),
            (false, true) => format!(" ({gone} would leave it)"),
            (true, false) => format!(" ({new} would join it)"),
            (false, false) => format!(" ({gone} would become {new})"),
        };
        let volume = &change.id().name;
        Some(Refusal::never(format!(
            "{field} of the volume {volume} is not changed while it exists{how}: a brick that failed is replaced by `disk replace`"
        )))
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(CLI.to_owned(), |script, change| script + &apply_volume(change))
    }
}

fn apply_volume(change: &Change) -> String {
    let name = quote(&change.id().name);
    let stop = format!("  gluster_stopped {name} || gluster_try volume stop {name}\n");
    let Some(want) = change.after() else {
        return format!(
            r#"if gluster_runs && gluster_volume {name}; then
{stop}  gluster_try volume delete {name}
elif gluster_volume {name}; then echo left: the volume {name}, glusterd is not running; fi
"#
        );
    };
    let mut script = String::new();
    if change.action != Action::Return {
        let shape = ["replica", "arbiter"].map(|field| (field, number(Some(want), field).unwrap_or_default()));
        let shape = shape.iter().filter(|(_, count)| *count > 0).map(|(field, count)| format!("{field} {count} "));
        // `force` because bricks are looked at by their own kind, on their own server.
        let (shape, bricks) = (shape.collect::<String>(), words(list(Some(want), "bricks")));
        script += &format!("gluster_volume {name} || gluster_make {name} {shape}transport tcp {bricks} force\n");
    }
    match flag(Some(want), "started") {
        Some(true) => {
            let options = change.resource.params.get("before_start").and_then(Value::as_array).into_iter().flatten();
            let options = options.filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)));
            let set = |(option, value)| format!("  gluster_try volume set {name} {} {}\n", quote(option), quote(value));
            let set: String = options.map(set).collect();
            script += &format!(
                "if ! gluster_started {name}; then\n{set}  gluster_try volume start {name}\nfi\nuntil_true 60 'the volume '{name} gluster_started {name}\n"
            );
        }
        Some(false) => script += &stop,
        None => {}
    }
    if change.action == Action::Return {
        script = format!("if gluster_runs && gluster_volume {name}; then :\n{script}else echo left: the volume {name}; fi\n");
    }
    script
}

/// See the module.
pub struct Opt;

impl Kind for Opt {
    fn name(&self) -> &'static str {
        "gluster_option"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let mut files: Vec<_> = resources.iter().map(|r| quote(&info(split(r).0))).collect();
        files.sort_unstable();
        files.dedup();
        // Options have a dot in their name; what has none, such as the volume's password, is not ours to read.
        lines_matching("'^[^=]+[.][^=]+='", &files.join(" "))
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let (volume, option) = split(resource);
        Some(Fields::from([("value".into(), value(rows, &info(volume), option)?.into())]))
    }

    fn guard(&self, change: &Change) -> String {
        let at_start = flag(Some(&change.resource.params), "at_start") == Some(true);
        let Some(value) = text(change.after(), "value").filter(|_| at_start && change.action != Action::Return) else {
            return String::new();
        };
        let (volume, option) = split(&change.resource);
        let message = format!(
            "{option} of the volume {volume} is not changed while it runs: unmount it everywhere, run 'gluster volume stop {volume}', then install; or set it back"
        );
        let (info, line) = (quote(&info(volume)), quote(&format!("{option}={value}")));
        format!(
            "if grep -qsx 'status=1' -- {info} && ! grep -qsxF -- {line} {info}; then fail {message}; fi\n",
            message = quote(&message)
        )
    }

    fn apply(&self, changes: &[&Change]) -> String {
        let each = changes.iter().map(|change| {
            let (volume, option) = split(&change.resource);
            let (volume, option) = (quote(volume), quote(option));
            match text(change.after(), "value") {
                Some(value) if change.action == Action::Return => format!(
                    "! gluster_runs || ! gluster_volume {volume} || gluster_try volume set {volume} {option} {}\n",
                    quote(value)
                ),
                Some(value) => format!("gluster_try volume set {volume} {option} {}\n", quote(value)),
                None => format!("! gluster_runs || ! gluster_volume {volume} || gluster_try volume reset {volume} {option}\n"),
            }
        });
        CLI.to_owned() + &each.collect::<String>()
    }
}

/// Volume and option.
fn split(resource: &Resource) -> (&str, &str) {
    resource.id.name.split_once('/').unwrap_or((&resource.id.name, ""))
}

/// Where glusterd keeps a volume's definition.
fn folder(volume: &str) -> String {
    format!("/var/lib/glusterd/vols/{volume}")
}

fn info(volume: &str) -> String {
    folder(volume) + "/info"
}

/// The value of `key=value` in a file of the store.
fn value<'a>(rows: &'a Rows, file: &str, key: &str) -> Option<&'a str> {
    let mut entries = rows.all(file, "line").iter().filter_map(|line| line.split_once('='));
    entries.find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// The type of a replicated volume of so many bricks.
pub fn replicated(bricks: usize, replica: u64) -> Value {
    if bricks as u64 > replica { "distributed-replicate".into() } else { "replicate".into() }
}
