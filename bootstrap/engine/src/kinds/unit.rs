//! Kind `unit`: a systemd unit. The name is the unit's, with its suffix.
//!
//! Fields: `enabled` (`enabled`, `disabled`, `masked`, `static`), `active` (true or false), `current` (true: it was started or
//! reloaded after its configuration last changed). Parameters: `config` (files whose change wants a restart),
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
systemctl show --timestamp=us+utc -p LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,ActiveEnterTimestamp -- "$@" 2>/dev/null |
while IFS= read -r line; do
  case "$line" in '') shift ;; *) row "$1" "${{line%%=*}}" "${{line#*=}}" ;; esac
done
stat --printf '%n\tchanged\t%.6Z\n' -- {configs} 2>/dev/null
stat --printf '%n\tchanged\t%.6Y\n' -- {reloads} 2>/dev/null || :
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
        let changed = |path: &str| rows.get(path, "changed").and_then(|time| time.parse::<f64>().ok()).unwrap_or_default();
        let newest = resource.list_param("config").into_iter().map(changed).fold(0.0, f64::max);
        let started = rows.get(name, "ActiveEnterTimestamp").and_then(seconds).unwrap_or_default();
        let current = newest <= started.max(changed(&reloaded(name))) && rows.get(name, "NeedDaemonReload") != Some("yes");
        let current = current || !active;
        Some(Fields::from([
            ("enabled".into(), enabled.into()),
            ("active".into(), active.into()),
            ("current".into(), current.into()),
        ]))
    }

    fn flaps(&self) -> &'static [&'static str] {
        &["active", "current"]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(KNOWN.to_owned(), |script, change| script + &apply_one(change))
    }
}

/// `known UNIT`: systemd has its file. `forget_failure UNIT`: a unit that failed often is started again when its cause was
/// mended, and one whose file goes is not listed as failed until the next boot. `note_current UNIT FILES`: it has read these files;
/// one may be from the future, if the clock was set back.
const KNOWN: &str = r#"
known() { [ "$(systemctl show -p LoadState --value -- "$1")" != not-found ]; }
note_current() {
  mkdir -p /run/regionctl/reloaded
  _mark=/run/regionctl/reloaded/$1; shift
  : >"$_mark"
  _newest=$(stat -c %Z -- "$@" 2>/dev/null | sort -n | tail -n 1)
  [ "${_newest:-0}" -le "$(date +%s)" ] || touch -d "@$((_newest + 1))" -- "$_mark"
}
forget_failure() { systemctl reset-failed -- "$1" 2>/dev/null || :; }
"#;

/// A file that is as old as our last reload of the unit.
fn reloaded(name: &str) -> String {
    format!("/run/regionctl/reloaded/{name}")
}

/// Seconds since 1970 of a time stamp such as `Fri 2026-11-20 23:59:59.123456 UTC`.
///
/// The calendar is Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>).
fn seconds(stamp: &str) -> Option<f64> {
    let mut words = stamp.split_whitespace().skip(1);
    let mut date = words.next()?.split('-').map(|n| n.parse::<i32>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = words.next()?.split(':').map(|n| n.parse::<f64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    Some(f64::from(days) * 86_400.0 + hour * 3_600.0 + minute * 60.0 + second)
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
        return format!("systemctl daemon-reload\nif known {name}; then\n{script}fi\n");
    }
    format!("systemctl daemon-reload\n{script}")
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
            "enabled" => script += &format!("systemctl enable -- {name}\n"),
            "disabled" => script += &format!("systemctl disable -- {name}\n"),
            "masked" => script += &format!("systemctl mask -- {name}\n"),
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
    use super::seconds;

    #[test]
    fn known_instants() {
        assert_eq!(seconds("Thu 1970-01-01 00:00:00 UTC"), Some(0.0));
        assert_eq!(seconds("Tue 2000-02-29 00:00:00.250000 UTC"), Some(951_782_400.25));
        assert_eq!(seconds("Fri 2026-11-20 23:59:59 UTC"), Some(1_795_219_199.0));
        assert_eq!(seconds(""), None);
        assert_eq!(seconds("n/a"), None);
    }
}
