//! Kind `mount`: a file system in the tree, now and after a boot. The name is the mount point.
//!
//! Fields: `source` (device, `LABEL=…`, `UUID=…`, a file with the option `loop`, or `host:/volume`), `fstype` and `options` as
//! fstab has them; `mounted`: true, false, or what is there instead: another source, `broken` (a FUSE mount whose
//! process is gone) or `read-only` (though not wanted so). Parameter `immutable` (true): the folder below cannot be written to, so
//! that a missing mount refuses files instead of filling the root disk.

use regionctl_plan::{Action, Change, Fields, Resource, quote};
use serde_json::Value;

use super::edit::{EDIT, drop_line, ere, file_lines, lines_matching, put_line};
use super::{flag, text, words};
use crate::kind::{Kind, Rows};

const FSTAB: &str = "/etc/fstab";
const MOUNTS: &str = "/proc/self/mountinfo";

/// See the module.
pub struct Mount;

impl Kind for Mount {
    fn name(&self) -> &'static str {
        "mount"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let points: Vec<_> = resources.iter().map(|r| r.id.name.as_str()).collect();
        let patterns: Vec<_> = points.iter().map(|point| format!("[[:space:]]{}[[:space:]]", ere(&escape(point)))).collect();
        let mut script = lines_matching(&quote(&patterns.join("|")), &format!("{MOUNTS} {FSTAB}"));
        script += &format!(
            "timeout 10 stat -- {} 2>&1 >/dev/null | sed -n \"s/^stat: [^']*'\\(.*\\)': Transport endpoint is not connected$/\\1\\tbroken\\ttrue/p\"\n",
            words(&points)
        );
        for resource in resources {
            let (name, source) = (quote(&resource.id.name), quote(resource.text("source").unwrap_or_default()));
            if source.contains("LABEL=") || source.contains("UUID=") {
                script += &format!(
                    "device=$(findfs {source} 2>/dev/null) && row {name} device \"$(stat -Lc %Hr:%Lr -- \"$device\")\"\n"
                );
            } else if source.starts_with("/dev/") {
                script += &format!("[ ! -b {source} ] || row {name} device \"$(stat -Lc %Hr:%Lr -- {source})\"\n");
            }
        }
        if resources.iter().any(|r| has_option(r.text("options").unwrap_or_default(), "loop")) {
            script += &file_lines("/sys/block/loop*/loop/backing_file");
        }
        script + ":\n"
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let point = &resource.id.name;
        let mut have = Fields::new();
        if let Some([source, _, fstype, options]) = rows.all(FSTAB, "line").iter().find_map(|line| fstab(line, point)) {
            have.insert("source".into(), source.into());
            have.insert("fstype".into(), fstype.into());
            have.insert("options".into(), options.into());
        }
        let now = rows.all(MOUNTS, "line").iter().rev().find_map(|line| Mounted::parse(line, point));
        if now.is_none() && have.is_empty() {
            return None;
        }
        let state = now.map_or(Value::Bool(false), |now| now.state(resource, rows));
        have.insert("mounted".into(), state);
        Some(have)
    }

    fn flaps(&self) -> &'static [&'static str] {
        // A unit of ours tries again, and a FUSE process may end at any time.
        &["mounted"]
    }

    fn keep(&self, resource: &Resource) -> String {
        format!("grep -saEm1 -e {} -- {FSTAB} >\"$KEEP/fstab\" || :\n", quote(&fstab_pattern(&resource.id.name)))
    }

    fn guard(&self, change: &Change) -> String {
        if change.action == Action::Return || change.after().is_none() {
            return String::new();
        }
        let point = &change.id().name;
        let busy = quote(&format!("{point} is not empty: a mount would hide what is in it"));
        format!("{} || [ -z \"$(ls -A -- {} 2>/dev/null)\" ] || fail {busy}\n", is_mounted(point), quote(point))
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        vec![FSTAB.to_owned()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned() + UNMOUNT, |script, change| script + &apply_one(change))
    }
}

/// `unmount POINT`: one whose process is gone, or that does not answer for a minute, is let go; of one in use it is said by whom.
/// While a server of it has just gone away, a Gluster mount stands still for its `network.ping-timeout` of 20 s.
const UNMOUNT: &str = r#"
answers() { timeout 30 stat -- "$1/." >/dev/null 2>&1; }
unmount() {
  if _said=$(timeout -k 5 60 stat -- "$1/." 2>&1 >/dev/null); then :; else
    case "$? $_said" in 124* | 137* | *'Transport endpoint is not connected') umount -l -- "$1"; return ;; esac
  fi
  umount -- "$1" || { used_below "$1" >&2; return 1; }
}
used_below() {
  for _process in /proc/[0-9]*; do
    _uses=$(find "$_process/cwd" "$_process/root" "$_process/exe" "$_process/fd" -maxdepth 1 -type l -printf '%l\n' 2>/dev/null |
      awk -v at="$1" '$0 == at || index($0, at "/") == 1 { print; exit }')
    [ -n "$_uses" ] || continue
    printf '%s is in use by process %s since %s: %s (%s)\n' "$1" "${_process#/proc/}" \
      "$(stat -c %y -- "$_process" | cut -c 1-19)" "$(tr '\0' ' ' <"$_process/cmdline" | cut -c 1-120)" "$_uses"
  done
}
"#;

/// A line of mountinfo.
struct Mounted {
    device: String,
    options: String,
    fstype: String,
    source: String,
}

impl Mounted {
    fn parse(line: &str, point: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let before: Vec<_> = before.split(' ').collect();
        let mut after = after.split(' ');
        let [_, _, device, _, at, options, ..] = before[..] else { return None };
        let (fstype, source, more) = (after.next()?, after.next()?, after.next().unwrap_or_default());
        (unescape(at) == point).then(|| Self {
            device: device.to_owned(),
            options: format!("{options},{more}"),
            fstype: fstype.to_owned(),
            source: unescape(source),
        })
    }

    /// What the field `mounted` says.
    fn state(&self, resource: &Resource, rows: &Rows) -> Value {
        let point = &resource.id.name;
        if rows.get(point, "broken").is_some() {
            return "broken".into();
        }
        let number = self.device.strip_prefix("7:").unwrap_or_default();
        let backing = rows.get(&format!("/sys/block/loop{number}/loop/backing_file"), "line");
        let there = backing.unwrap_or(&self.source);
        let as_wanted = match resource.text("source") {
            None => true,
            Some(wanted) => {
                let same_device = rows.get(point, "device") == Some(&self.device);
                // Gluster shows `host:/volume` with or without the slash.
                same_device || there.replacen(":/", ":", 1) == wanted.replacen(":/", ":", 1)
            }
        };
        let fstype = self.fstype.strip_prefix("fuse.").unwrap_or(&self.fstype);
        if !as_wanted {
            return there.into();
        }
        if resource.text("fstype").is_some_and(|wanted| wanted != "auto" && wanted != fstype) {
            return format!("{there} ({fstype})").into();
        }
        let read_only = has_option(&self.options, "ro") && !has_option(resource.text("options").unwrap_or("ro"), "ro");
        if read_only { "read-only".into() } else { true.into() }
    }
}

fn apply_one(change: &Change) -> String {
    let (name, point) = (&change.id().name, quote(&change.id().name));
    let (before, want) = (change.before.as_ref(), change.after());
    let immutable = change.resource.params.get("immutable") == Some(&Value::Bool(true));
    let pattern = fstab_pattern(name);
    let gluster = text(want, "fstype") == Some("glusterfs");
    let mut script = format!("is_mounted() {{ {}; }}\n", is_mounted(name));

    script += &match (text(want, "source"), text(want, "fstype"), text(want, "options")) {
        (Some(_), _, _) if change.action == Action::Return => {
            format!("set_line {FSTAB} {} \"$(cat \"$KEEP/fstab\")\"\n", quote(&pattern))
        }
        (Some(source), Some(fstype), Some(options)) => {
            let line = [&escape(source), &escape(name), fstype, options].map(str::to_owned).join(" ");
            put_line(FSTAB, &pattern, &format!("{line} 0 0"))
        }
        _ => drop_line(FSTAB, &pattern),
    };
    script += "systemctl daemon-reload\n";

    // Another source than the one we mounted is there only in an original; nobody wants a broken mount back.
    let other = text(want, "mounted").filter(|state| !matches!(*state, "broken" | "read-only"));
    if want.is_none() || flag(want, "mounted") == Some(false) {
        script += &format!("! is_mounted || unmount {point}\n");
        if immutable {
            script += &format!("[ ! -d {point} ] || chattr -i -- {point} 2>/dev/null || :\n");
        }
        return script + &format!("unmake {point}\n");
    }
    match before.and_then(|before| before.get("mounted")) {
        Some(Value::String(state)) if state == "read-only" => script += &format!("mount -o remount,rw -- {point}\n"),
        Some(Value::Bool(true)) if other.is_some() => script += &format!("! is_mounted || unmount {point}\n"),
        Some(Value::String(state)) if state != "broken" => script += &format!("! is_mounted || unmount {point}\n"),
        Some(Value::Bool(true)) if text(before, "options").is_some_and(|had| text(want, "options") != Some(had)) => {
            let renew = if gluster { format!("unmount {point}") } else { format!("mount -o remount -- {point}") };
            script += &format!("! is_mounted || {renew}\n");
        }
        // It may have broken since.
        _ => script += &format!("! is_mounted || answers {point} || unmount {point}\n"),
    }
    let how = match other {
        // It was mounted by hand: there is no line in fstab to go by.
        Some(source) if text(want, "source").is_none() => format!("mount -- {} {point}", quote(source)),
        _ if gluster => String::from("mount_unit"),
        _ => format!("mount -- {point}"),
    };
    if gluster {
        script += &gluster_mount(name);
    }
    let immutable = if immutable { format!("chattr +i -- {point} 2>/dev/null || :") } else { String::from(":") };
    script + &format!("if ! is_mounted; then\n  make_dirs {point}\n  {immutable}\n  {how}\nfi\n")
}

/// The process behind a FUSE mount must live in a unit of its own, or it would be killed with the one that runs this script.
fn gluster_mount(point: &str) -> String {
    let log = quote(&format!("/var/log/glusterfs/{}.log", point.trim_start_matches('/').replace('/', "-")));
    let point = quote(point);
    format!(
        r#"mount_unit() {{
  unit=$(systemd-escape -p --suffix=mount -- {point})
  until_true 30 "systemd to see that $unit is gone" mount_unit_is_gone
  systemctl reset-failed -- "$unit" 2>/dev/null || :
  # Its exit status says nothing: a FUSE process may fail after the mount was there for a moment.
  systemctl start -- "$unit" || :
  until_true 60 {point}' to answer' settled
  usable || {{ tail -n 15 -- {log} >&2 || :; fail {point}' cannot be mounted'; }}
}}
mount_unit_is_gone() {{ is_mounted || ! systemctl is-active -q -- "$unit"; }}
settled() {{ usable || ! systemctl is-active -q -- "$unit"; }}
usable() {{ is_mounted && timeout 10 stat -- {point}/. >/dev/null 2>&1; }}
"#
    )
}

/// Shell that succeeds if something is mounted there, without touching it: a dead mount must not hang this.
fn is_mounted(point: &str) -> String {
    format!("grep -qE -e {} {MOUNTS}", quote(&format!("^[^ ]+ [^ ]+ [^ ]+ [^ ]+ {} ", ere(&escape(point)))))
}

fn fstab_pattern(point: &str) -> String {
    format!("^[[:space:]]*[^#[:space:]]+[[:space:]]+{}[[:space:]]", ere(&escape(point)))
}

/// Source, mount point, type and options of the fstab line for this mount point.
fn fstab(line: &str, point: &str) -> Option<[String; 4]> {
    let line = line.trim_start();
    let mut words = line.split_whitespace().map(unescape);
    let entry = [words.next()?, words.next()?, words.next()?, words.next().unwrap_or_else(|| "defaults".into())];
    (!line.starts_with('#') && entry[1] == point).then_some(entry)
}

fn has_option(options: &str, option: &str) -> bool {
    options.split(',').any(|o| o == option)
}

/// White space as fstab and mountinfo write it.
fn escape(path: &str) -> String {
    path.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011")
}

fn unescape(path: &str) -> String {
    path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}
