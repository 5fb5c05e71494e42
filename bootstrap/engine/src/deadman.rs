//! The dead-man switch: what may cut the operator off goes back by itself, unless a new connection says that all is well.
//!
//! Consecutive changes that carry the parameter `may_cut` are one group. Before the first of them the host saves the state
//! of all, and a unit that brings it back is enabled *on disk*, with a timer. The group is kept only when the client, over
//! a new connection on the operator's own path, takes that unit away after the group's last change: the checks between
//! hosts are changes of the group, the last ones. Otherwise the unit fires: when the timer ends, when a change of the
//! group fails, when the host boots, or when the next run finds it armed.

use std::collections::BTreeSet;
use std::time::Duration;

use regionctl_plan::{Action, Change, Fields, quote};

use crate::batch::ledger_folder;
use crate::kind::Kinds;
use crate::planner::path;
use crate::shell::PRELUDE;

/// How long a host waits for the new connection.
pub const WINDOW: Duration = Duration::from_secs(120);
/// How much longer the client waits for a host that goes back by itself.
pub const GOING_BACK: Duration = Duration::from_secs(90);

/// How many of the first changes belong together: all may cut, or none.
pub fn group(changes: &[Change]) -> usize {
    let Some(first) = changes.first() else { return 0 };
    let other = |change: &Change| change.resource.may_cut_ssh() != first.resource.may_cut_ssh();
    changes.iter().position(other).unwrap_or(changes.len())
}

/// Names and places on the host.
const PLACES: &str = r#"
SWITCH=$STATE/switch
UNITS=/etc/systemd/system
unarm() {
  systemctl --quiet --no-reload disable regionctl-revert.service 2>/dev/null || :
  systemctl stop regionctl-revert.timer 2>/dev/null || :
  rm -f "$UNITS/regionctl-revert.service" "$UNITS/regionctl-revert.timer"
  systemctl daemon-reload
}
"#;

const SERVICE: &str = "[Unit]
Description=regionctl: back to the settings before run %RUN%
ConditionPathExists=/var/lib/regionctl/switch/armed
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh /var/lib/regionctl/switch/script
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
";

const TIMER: &str = "[Unit]
Description=regionctl: the window of run %RUN%

[Timer]
OnActiveSec=%SECONDS%
AccuracySec=1s
";

/// Shell that saves the state of a group and arms its way back; runs in the unit, before the group's first change.
///
/// # Errors
/// The name of a kind that is not known.
pub fn arm_script(kinds: &Kinds, run: &str, window: Duration, changes: &[Change]) -> Result<String, String> {
    let mut keeps = String::new();
    for (number, change) in changes.iter().enumerate() {
        let kind = kinds.get(&change.id().kind).ok_or_else(|| change.id().kind.clone())?;
        keeps += &format!(
            "KEEP=$SWITCH/{number}; mkdir \"$KEEP\"\n{}\nkeep_entry {folder}\n",
            kind.keep(&change.resource),
            folder = ledger_folder(change.id()),
        );
    }
    let unit = |text: &str| quote(&text.replace("%RUN%", run).replace("%SECONDS%", &window.as_secs().to_string()));
    Ok(format!(
        r#"{PLACES}
[ ! -e "$SWITCH/armed" ] || fail "the settings of run $(cat "$SWITCH/armed") wait for their confirmation"
rm -rf "$SWITCH"; mkdir -m 0700 "$SWITCH" "$SWITCH/ledger"
: >"$SWITCH/new"
keep_entry() {{ if [ -e "$STATE/ledger/$1" ]; then cp -a -- "$STATE/ledger/$1" "$SWITCH/ledger/"; else echo "$1" >>"$SWITCH/new"; fi; }}
{keeps}
cat >"$SWITCH/script" <<'REGIONCTL_REVERT'
{revert}
REGIONCTL_REVERT
printf %s {service} >"$UNITS/regionctl-revert.service"
printf %s {timer} >"$UNITS/regionctl-revert.timer"
printf '%s %s\n' {run} "$(cat /proc/sys/kernel/random/boot_id)" >"$SWITCH/armed"
sync
systemctl --quiet enable regionctl-revert.service
systemctl start regionctl-revert.timer
"#,
        revert = revert_script(kinds, run, changes)?,
        service = unit(SERVICE),
        timer = unit(TIMER),
        run = quote(run),
    ))
}

/// What the unit on the host runs. Doing it again after it was interrupted does no harm.
fn revert_script(kinds: &Kinds, run: &str, changes: &[Change]) -> Result<String, String> {
    let mut steps = String::new();
    for number in way_back(changes) {
        let back = returned(&changes[number]);
        let kind = kinds.get(&back.id().kind).ok_or_else(|| back.id().kind.clone())?;
        steps += &format!(
            // Not `( … ) || …`: there the shell ignores `set -e`.
            "( set -eu; cd \"$SWITCH\"; KEEP=$SWITCH/{number}\n{}\n) </dev/null\n[ $? -eq 0 ] || {{ echo failed: {} >&2; failed=1; }}\n",
            kind.apply(&[&back]),
            quote(&back.id().to_string()),
        );
    }
    Ok(format!(
        r#"{PRELUDE}{PLACES}
exec 9>"$SWITCH/lock"; flock 9
[ -e "$SWITCH/armed" ] || exit 0
read -r _ boot <"$SWITCH/armed"
why='nobody came over a new connection'
[ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || why='the host was restarted'
[ ! -e "$SWITCH/asked" ] || why='it was asked to'
systemctl stop 'regionctl-{run}-*.service' 2>/dev/null
failed=
{steps}
[ -z "$failed" ] || exit 1
while read -r folder; do rm -rf "$STATE/ledger/$folder"; done <"$SWITCH/new"
# What the group had given back is ours again.
for entry in "$SWITCH/ledger"/*/; do
  [ -e "$entry" ] || continue
  folder=${{entry%/}}; folder=$STATE/ledger/${{folder##*/}}
  rm -rf "$folder.new"; cp -a -- "$entry" "$folder.new"; rm -rf "$folder"; mv -T "$folder.new" "$folder"
done
printf '%s %s\n' {word} "$why" >"$SWITCH/reverted"
sync
rm -f "$SWITCH/armed"
unarm
"#,
        word = quote(run),
    ))
}

/// The order of the way back: the last first, but what must notice that its configuration went back after all that. A unit
/// that was not there before is stopped while its files still are.
fn way_back(changes: &[Change]) -> Vec<usize> {
    let paths: BTreeSet<&str> = changes.iter().map(|change| path(&change.resource)).collect();
    let notices = |number: &usize| {
        let change = &changes[*number];
        change.before.is_some() && change.resource.list_param("config").iter().any(|file| paths.contains(file))
    };
    let (last, mut order): (Vec<_>, Vec<_>) = (0..changes.len()).rev().partition(notices);
    order.extend(last);
    order
}

/// The change back to what was there just before. A unit is to be started anew, whatever it is doing.
fn returned(change: &Change) -> Change {
    let mut resource = change.resource.clone();
    resource.want.clone_from(&change.before);
    let mut now: Option<Fields> = change.after().cloned();
    if let Some(now) = now.as_mut().filter(|now| now.contains_key("active") || now.contains_key("current")) {
        now.insert("active".into(), true.into());
        now.insert("current".into(), false.into());
    }
    Change { resource, action: Action::Return, before: now, certainty: change.certainty.clone(), no_undo: None }
}

/// Takes the way back away, if the run's group is still armed. Prints `kept`, or `reverted` and why.
pub fn keep_script(run: &str) -> String {
    format!(
        r#"{PLACES}
[ -d "$SWITCH" ] || {{ echo kept; exit 0; }}
exec 9>"$SWITCH/lock"; flock 9
if [ -e "$SWITCH/armed" ]; then
  read -r armed _ <"$SWITCH/armed"
  [ "$armed" = {run} ] || fail "the settings of run $armed wait for their confirmation"
  # This is the moment: whatever happens from here on, the unit finds nothing to do.
  rm -f "$SWITCH/armed"; sync
  unarm
  rm -rf "$SWITCH"
fi
{fate}"#,
        run = quote(run),
        fate = fate_script(run)
    )
}

/// Prints `armed`, or `reverted` and why, or `kept`: that there is nothing to take back. What went back is remembered until the
/// next group is armed, because an answer can be lost and the question asked again.
pub fn fate_script(run: &str) -> String {
    format!(
        r#"
if [ -e "$SWITCH/armed" ]; then echo armed
elif read -r of why 2>/dev/null <"$SWITCH/reverted" && [ "$of" = {run} ]; then printf 'reverted\t%s\n' "$why"
else echo kept; fi
"#,
        run = quote(run)
    )
}

/// Starts the way back now and does not wait: it may break the connection.
pub fn revert_now_script(run: &str) -> String {
    format!(
        r#"{PLACES}
if [ -e "$SWITCH/armed" ]; then
  read -r armed _ <"$SWITCH/armed"
  [ "$armed" = {run} ] || exit 0
  : >"$SWITCH/asked"
  systemctl start --no-block regionctl-revert.service
fi
"#,
        run = quote(run)
    )
}

/// Ends what an older run left armed, and waits for it: nobody will come for it any more.
pub fn settle_script(run: &str) -> String {
    format!(
        r#"{PLACES}
if [ -e "$SWITCH/armed" ]; then
  read -r armed _ <"$SWITCH/armed"
  if [ "$armed" != {run} ]; then
    : >"$SWITCH/asked"
    systemctl start regionctl-revert.service || fail "the settings of run $armed cannot be taken back; see: journalctl -u regionctl-revert"
  fi
elif [ -e "$UNITS/regionctl-revert.service" ]; then
  # A power cut came between the decision and the tidying up.
  unarm
fi
"#,
        run = quote(run)
    )
}

#[cfg(test)]
mod tests {
    use regionctl_plan::diff;

    use super::*;
    use crate::want::{self, Want as _};

    fn changes() -> Vec<Change> {
        let file = want::file("/etc/a", "new").may_cut();
        let unit = want::unit("a.service").active().config(["/etc/a"]).may_cut();
        let other = want::file("/etc/b", "new").may_cut();
        [file, unit, other, want::file("/etc/c", "")].iter().filter_map(|resource| diff(resource, None)).collect()
    }

    #[test]
    fn a_group_ends_where_nothing_may_cut() {
        let changes = changes();
        assert_eq!(group(&changes), 3);
        assert_eq!(group(&changes[3..]), 1);
        assert_eq!(group(&[]), 0);
    }

    #[test]
    fn on_the_way_back_a_unit_comes_after_its_configuration() {
        let mut changes = changes();
        changes[1].before = Some(Fields::from([("active".into(), true.into())]));
        assert_eq!(way_back(&changes[..3]), [2, 0, 1]);
    }

    #[test]
    fn on_the_way_back_a_unit_that_was_not_there_comes_before_its_files() {
        assert_eq!(way_back(&changes()[..3]), [2, 1, 0]);
    }
}
