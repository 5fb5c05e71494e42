//! Kind `unit`: a systemd unit. The name is the unit's, with its suffix.
//!
//! Fields: `enabled` (`enabled`, `disabled`, `masked`, `static`), `active` (true or false), `current` (true: it was started or
//! reloaded with its configuration as it is). Parameters: `config` (files whose change wants a restart),
//! `reload` (true: a reload is enough), `log` (files in which it says why it did not start, if it does not tell the journal).
//!
//! Because `current` is read from the host, a crash between writing a file and restarting its unit is mended by the next
//! run; there are no handlers to lose.

use regionctl_plan::{Action, Change, Fields, Resource, quote};
use serde_json::Value;

use super::words;
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Unit;

impl Kind for Unit {
    fn name(&self) -> &'static str {
        "unit"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names = words(resources.iter().map(|r| &r.id.name));
        let configs = words(resources.iter().flat_map(|r| r.list_param("config")));
        let reloads = words(resources.iter().map(|r| reloaded(&r.id.name)));
        format!(
            r#"set -- {names}
read -r up _ </proc/uptime; row systemd uptime "$up"
row systemd clock "$(date +%s.%N)"
systemctl show -p LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,ActiveEnterTimestampMonotonic -- "$@" 2>/dev/null |
while IFS= read -r line; do
  case "$line" in '') shift ;; *) row "$1" "${{line%%=*}}" "${{line#*=}}" ;; esac
done
stat --printf '%n\tchanged\t%.9Z\n' -- {configs} 2>/dev/null || :
for mark in {reloads}; do
  [ -f "$mark" ] || continue
  row "$mark" noted yes
  while IFS='	' read -r file changed; do row "$mark" "$file" "$changed"; done <"$mark"
done
"#
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let name = &resource.id.name;
        let load = rows.get(name, "LoadState")?;
        if load == "not-found" {
            return None;
        }
        // A unit that crashes again and again is `activating` while it waits for the next try.
        let crashing = rows.get(name, "SubState") == Some("auto-restart");
        let active = !crashing && matches!(rows.get(name, "ActiveState"), Some("active" | "reloading" | "activating"));
        let enabled = match rows.get(name, "UnitFileState").unwrap_or_default() {
            _ if load == "masked" => "masked",
            "" => "static",
            "enabled-runtime" => "disabled",
            state => state,
        };
        let current = !active || (has_read(resource, rows) && rows.get(name, "NeedDaemonReload") != Some("yes"));
        Some(Fields::from([
            ("enabled".into(), enabled.into()),
            ("active".into(), active.into()),
            ("current".into(), current.into()),
        ]))
    }

    fn flaps(&self) -> &'static [&'static str] {
        &["active", "current"]
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        vec!["/etc/systemd/system".to_owned()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(KNOWN.to_owned(), |script, change| script + &apply_one(change))
    }
}

/// `known UNIT`: systemd has its file. `look_again UNIT`: systemd reads the files, unless it has the unit's as they are: a reload
/// reads those of every unit of the host, and a region has many hosts with many units. `turn UNIT VERB STATE`: as `systemctl VERB`,
/// which reloads, unless the files and systemd say already that it is so. `forget_failure UNIT`: a unit that failed often is started
/// again when its cause was mended, and one whose file goes is not listed as failed until the next boot. `note_current UNIT FILES`:
/// it has read these files.
const KNOWN: &str = r#"
known() { [ "$(systemctl show -p LoadState --value -- "$1")" != not-found ]; }
look_again() {
  case $(systemctl show -p LoadState,NeedDaemonReload -- "$1") in
    *LoadState=not-found* | *NeedDaemonReload=yes*) systemctl daemon-reload ;;
  esac
}
turn() {
  [ "$(systemctl is-enabled -- "$1" 2>/dev/null)" = "$3" ] && [ "$(systemctl show -p UnitFileState --value -- "$1")" = "$3" ] ||
    systemctl "$2" -- "$1"
}
note_current() {
  mkdir -p /run/regionctl/reloaded
  _mark=/run/regionctl/reloaded/$1; shift
  stat --printf '%n\t%.9Z\n' -- "$@" >"$_mark" 2>/dev/null || :
}
forget_failure() { systemctl reset-failed -- "$1" 2>/dev/null || :; }
"#;

/// What we noted when we last started or reloaded the unit: which files it read, and when each had last changed. It goes with a boot.
fn reloaded(name: &str) -> String {
    format!("/run/regionctl/reloaded/{name}")
}

/// How much later than its unit's start a file must have changed, in seconds: the kernel gives the time since boot in hundredths.
const LATER: f64 = 0.05;

/// True if the unit has its configuration as it is. What we noted is compared for being the same, so that it does not matter what was
/// done to the clock; of a unit that we did not start, by the time since boot.
fn has_read(resource: &Resource, rows: &Rows) -> bool {
    let (name, configs) = (&resource.id.name, resource.list_param("config"));
    let mark = reloaded(name);
    if rows.get(&mark, "noted").is_some() {
        return configs.iter().all(|path| rows.get(&mark, path) == rows.get(path, "changed"));
    }
    let number = |name: &str, field: &str| rows.get(name, field).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    let booted = number("systemd", "clock") - number("systemd", "uptime");
    let started = booted + number(name, "ActiveEnterTimestampMonotonic") / 1e6;
    configs.iter().all(|path| number(path, "changed") <= started + LATER)
}

fn apply_one(change: &Change) -> String {
    let name = quote(&change.id().name);
    let Some(want) = change.after() else {
        // It did not exist before: what brought it, a file or a package, goes by itself.
        return format!(
            "if known {name}; then systemctl disable --now -- {name} || systemctl stop -- {name}; fi\nforget_failure {name}\nrm -f -- /run/regionctl/reloaded/{name}\n"
        );
    };
    let script = as_wanted(change, &name, want);
    if change.action == Action::Return {
        // What was there came with a package that is gone again.
        return format!("look_again {name}\nif known {name}; then\n{script}fi\n");
    }
    format!("look_again {name}\n{script}")
}

fn as_wanted(change: &Change, name: &str, want: &Fields) -> String {
    let had = |field: &str| change.before.as_ref().and_then(|have| have.get(field));
    let mut script = String::new();
    // A unit that counts as enabled may lack some of its links: they are not ours to make.
    let enabled = want.get("enabled").filter(|enabled| had("enabled") != Some(*enabled));
    if let Some(enabled) = enabled.and_then(Value::as_str) {
        if had("enabled").and_then(Value::as_str) == Some("masked") && enabled != "masked" {
            script += &format!("systemctl unmask -- {name}\n");
        }
        match enabled {
            "enabled" => script += &format!("turn {name} enable enabled\n"),
            "disabled" => script += &format!("turn {name} disable disabled\n"),
            "masked" => script += &format!("turn {name} mask masked\n"),
            _ => {}
        }
    }
    match want.get("active").and_then(Value::as_bool) {
        Some(true) => {
            let stale = had("active") == Some(&Value::Bool(true)) && had("current") == Some(&Value::Bool(false));
            let reload = change.resource.params.get("reload") == Some(&Value::Bool(true));
            let verb = match (stale, reload) {
                (true, true) => "reload-or-restart",
                (true, false) => "restart",
                (false, _) => "start",
            };
            let logs = change.resource.list_param("log");
            let logs = if logs.is_empty() { String::new() } else { format!("tail -n 15 -- {} >&2 || :; ", words(logs)) };
            let explain = format!("{{ systemctl status --no-pager --lines=15 -- {name} >&2 || :; {logs}exit 1; }}");
            if had("active") == Some(&Value::Bool(false)) {
                // One that is tried again and again runs now and then.
                script += &format!("! systemctl is-active -q -- {name} || systemctl stop -- {name}\n");
            }
            script += &format!("forget_failure {name}\nsystemctl {verb} -- {name} || {explain}\n");
            script += &format!("note_current {name} {}\n", words(change.resource.list_param("config")));
            script += &format!("systemctl is-active -q -- {name} || {explain}\n");
        }
        Some(false) => script += &format!("systemctl stop -- {name}\n"),
        None => {}
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(mark: &str, changed: &str, started: &str) -> bool {
        let resource = Resource::present("unit", "a.service").param("config", vec!["/etc/a"]);
        let text = format!(
            "systemd\tuptime\t1000.00\nsystemd\tclock\t51000.0\na.service\tActiveEnterTimestampMonotonic\t{started}\n/etc/a\tchanged\t{changed}\n{mark}"
        );
        has_read(&resource, &Rows::read(text.lines()))
    }

    #[test]
    fn one_that_we_did_not_start_has_read_what_is_older() {
        assert!(seen("", "50400.000000001", "400000000"));
        assert!(!seen("", "50401.0", "400000000"));
    }

    #[test]
    fn one_that_we_started_has_read_what_it_read_then_whatever_the_clock_says() {
        let noted = |changed| {
            format!("/run/regionctl/reloaded/a.service\tnoted\tyes\n/run/regionctl/reloaded/a.service\t/etc/a\t{changed}\n")
        };
        assert!(seen(&noted("99000.000000001"), "99000.000000001", "1"));
        assert!(!seen(&noted("99000.000000001"), "50000.5", "900000000"));
    }
}
