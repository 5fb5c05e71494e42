//! What goes to a host in one round trip: one named transient systemd unit that writes a result per step.
//!
//! The unit outlives the client. A run that starts later finds it, waits for the step it is in, and never starts a second
//! one beside it: the unit looks at the lease before every step.

use std::time::Duration;

use regionctl_plan::{Action, Change, Fields, Id, quote, sha256};

use crate::kind::Kinds;
use crate::observe::{Applied, Original};
use crate::secrets::{SecretError, Vault, stands_for_secret};
use crate::shell::PRELUDE;

/// Changes that are applied together: one, or several of a kind that batches.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// In order of execution.
    pub changes: Vec<&'a Change>,
}

/// Groups consecutive changes of kinds that batch.
pub fn steps<'a>(kinds: &Kinds, changes: &[&'a Change]) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    for change in changes.iter().copied() {
        let batches = kinds.get(&change.id().kind).is_some_and(crate::Kind::batches);
        let joins = |last: &&Change| {
            last.id().kind == change.id().kind && (last.action == Action::Return) == (change.action == Action::Return)
        };
        match steps.last_mut() {
            Some(step) if batches && step.changes.last().is_some_and(joins) => step.changes.push(change),
            _ => steps.push(Step { changes: vec![change] }),
        }
    }
    steps
}

/// Names of one batch on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchName {
    /// The run.
    pub run: String,
    /// Position within the run on this host.
    pub number: usize,
}

impl BatchName {
    /// The transient unit.
    pub fn unit(&self) -> String {
        format!("regionctl-{}-{}.service", self.run, self.number)
    }

    /// Relative to the host's state folder.
    fn folder(&self) -> String {
        format!("runs/{}/{}", self.run, self.number)
    }

    /// In memory: it may hold what opens the disks, and nothing needs it after a power cut.
    fn script(&self) -> String {
        format!("/run/regionctl/{}-{}", self.run, self.number)
    }

    /// The batch that a unit's name stands for.
    pub fn of_unit(unit: &str) -> Option<Self> {
        let (run, number) = unit.strip_prefix("regionctl-")?.strip_suffix(".service")?.rsplit_once('-')?;
        Some(Self { run: run.to_owned(), number: number.parse().ok()? })
    }
}

/// Bytes of a failed step's output that come back, from its end.
const TAIL: usize = 3000;

const RUNNER: &str = r#"
note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$DIR/results"; }
millis() { read -r _up _ </proc/uptime; printf '%s0\n' "${_up%.*}${_up#*.}"; }
end() {
  note end "$1" ''; rm -f "$SCRIPT"
  # A program may have repeated a secret that it was given.
  if [ "$SECRETS" = yes ]; then rm -f "$DIR"/*.out; fi
  exit 0
}
export RUN BATCH="$DIR"
step() {
  held_by "$RUN" || { note "$1" fenced "$(cat "$STATE/lease" 2>/dev/null || echo nobody)"; end fenced; }
  [ ! -e "$DIR/stop" ] || { note "$1" stopped ''; end stopped; }
  started=$(millis)
  note "$1" started ''
  ( set -eu; cd "$DIR"; export STEP="$1" PROGRESS="$DIR/results"; "step_$1" ) >"$DIR/$1.out" 2>&1 </dev/null
  code=$?
  if [ "$code" -eq 0 ]; then note "$1" done "$(($(millis) - started))"; return; fi
  [ ! -e "$DIR/heeded" ] || { note "$1" stopped ''; end stopped; }
  note "$1" failed "$code $(tail -c "$TAIL" "$DIR/$1.out" | base64 -w0)"
  end failed
}
before() {
  held_by "$RUN" || { note 0 fenced "$(cat "$STATE/lease" 2>/dev/null || echo nobody)"; end fenced; }
  # Not `( … ) && …`: there the shell ignores `set -e`.
  ( set -eu; cd "$DIR"; "$1" ) >"$DIR/$1.out" 2>&1 </dev/null
  code=$?
  [ "$code" -ne 0 ] || return 0
  note 0 failed "$code $(tail -c "$TAIL" "$DIR/$1.out" | base64 -w0)"
  end failed
}
ACCOUNTS="passwd group shadow gshadow subuid subgid"
keep_before() {
  [ ! -e "$STATE/accounts" ] || return 0
  rm -rf "$STATE/accounts.new"; mkdir -m 0700 "$STATE/accounts.new"
  for file in $ACCOUNTS; do
    for copy in "$file" "$file-"; do if [ -e "/etc/$copy" ]; then cp -a "/etc/$copy" "$STATE/accounts.new/"; fi; done
  done
  systemctl list-units --state=failed --plain --no-legend --no-pager 2>/dev/null | cut -d ' ' -f 1 >"$STATE/accounts.new/failed-units"
  mv -T "$STATE/accounts.new" "$STATE/accounts"
}
# What goes back goes in reverse order, whatever was done to the clock in between.
next_order() {
  read -r _last 2>/dev/null <"$STATE/order" || _last=$(cat "$STATE"/ledger/*[0-9a-f]/original 2>/dev/null | cut -d ' ' -f 1 | sort -n | tail -n 1)
  _order=$(date +%s%N)
  [ "$_order" -gt "${_last:-0}" ] || _order=$((_last + 1))
  printf '%s\n' "$_order" >"$STATE/order.new"; mv -f "$STATE/order.new" "$STATE/order"
}
ledger() {
  keep_before
  KEEP=$STATE/ledger/$1
  [ ! -e "$KEEP/original" ] || return 0
  rm -rf "$KEEP.new"; mkdir -p "$KEEP.new"; chmod 0700 "$STATE/ledger" "$KEEP.new"
  KEEP=$KEEP.new; "$2"; KEEP=${KEEP%.new}
  next_order
  printf '%s %s\n' "$_order" "$3" >"$KEEP.new/first"
  printf '%s\n' "$4" >"$KEEP.new/applied"
  mv "$KEEP.new/first" "$KEEP.new/original"
  find "$KEEP.new" -type f -exec sync -- "$STATE/order" {} +
  mv -T "$KEEP.new" "$KEEP"
}
applied() { printf '%s\n' "$2" >"$STATE/ledger/$1/applied.new"; sync -- "$STATE/ledger/$1/applied.new"; mv -f "$STATE/ledger/$1/applied.new" "$STATE/ledger/$1/applied"; }
forget() { rm -rf "$STATE/ledger/$1"; }
"#;

/// Why a batch cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A kind of a later version.
    #[error("no kind `{0}` is known to this version")]
    UnknownKind(String),
    /// A secret that cannot be filled in.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The script that the unit runs. `arm` is shell that comes before the first step, and without which none runs.
///
/// # Errors
/// A kind or a secret is not known.
pub fn unit_script(
    kinds: &Kinds,
    vault: &Vault,
    batch: &BatchName,
    layer: &str,
    steps: &[Step<'_>],
    arm: &str,
) -> Result<String, BatchError> {
    let mut changes = steps.iter().flat_map(|step| &step.changes);
    let secrets = if changes.any(|change| !change.resource.secrets.is_empty()) { "yes" } else { "no" };
    let (run, folder, own) = (quote(&batch.run), quote(&batch.folder()), quote(&batch.script()));
    let mut script =
        format!("{PRELUDE}\nRUN={run}\nDIR=$STATE/{folder}\nSCRIPT={own}\nTAIL={TAIL}\nSECRETS={secrets}\n{RUNNER}\n");
    for (number, step) in steps.iter().enumerate() {
        script += &step_functions(kinds, vault, layer, number, step)?;
    }
    if !arm.is_empty() {
        script += &format!("arm() {{\n{arm}\n}}\nbefore arm\n");
    }
    for number in 0..steps.len() {
        script += &format!("step {number}\n");
    }
    script += "end done\n";
    Ok(script)
}

fn step_functions(kinds: &Kinds, vault: &Vault, layer: &str, number: usize, step: &Step<'_>) -> Result<String, BatchError> {
    // The ledger gets the changes as they were planned, with references; only the kind's own shell has the secrets.
    let filled = step.changes.iter().map(|change| vault.change(kinds, change)).collect::<Result<Vec<_>, _>>()?;
    let mut keeps = String::new();
    let mut body = String::new();
    let mut after = String::new();
    let mut kind = None;
    for (position, (change, filled)) in step.changes.iter().zip(&filled).enumerate() {
        let id = change.id();
        let of_kind = kinds.get(&id.kind).ok_or_else(|| BatchError::UnknownKind(id.kind.clone()))?;
        kind = Some(of_kind);
        let folder = ledger_folder(id);
        let keep = of_kind.keep(&change.resource);
        keeps += &format!("keep_{number}_{position}() {{ :\n{keep}\n}}\n");
        if change.action == Action::Return {
            body += &format!("KEEP=$STATE/ledger/{folder}\n");
            after += &format!("forget {folder}\n");
        } else if !change.resource.is_once() {
            let original = Original { id: id.clone(), original: change.before.as_ref().map(slim) };
            let mut resource = change.resource.clone();
            resource.want = resource.want.as_ref().map(slim);
            let applied = json(&Applied { layer: layer.to_owned(), resource });
            body += &format!("ledger {folder} keep_{number}_{position} {} {applied}\n", json(&original));
            after += &format!("applied {folder} {applied}\n");
        }
        if let Some(why) = of_kind.refuses(filled) {
            body += &format!("fail {}\n", quote(&why.message));
        }
        body += &of_kind.guard(filled);
    }
    let filled: Vec<_> = filled.iter().collect();
    let apply = kind.map(|kind| kind.apply(&filled)).unwrap_or_default();
    Ok(format!("{keeps}step_{number}() {{\n{body}{apply}\n{after}}}\n"))
}

fn json<T: serde::Serialize>(value: &T) -> String {
    quote(&serde_json::to_string(value).unwrap_or_default())
}

/// A file's content is kept as a copy on the host, so the ledger needs only its digest; of one with secrets, the references.
fn slim(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    if let Some(content) = fields.get_mut("content")
        && let Some(text) = content.as_str().filter(|text| !text.starts_with("sha256:") && !stands_for_secret(text))
    {
        *content = format!("sha256:{}", sha256(text.as_bytes())).into();
    }
    fields
}

/// The folder of a resource in the host's ledger.
pub fn ledger_folder(id: &Id) -> String {
    sha256(id.to_string().as_bytes())[..16].to_owned()
}

/// The script that starts the unit, after the shell text `first`, and reports its results as they come.
pub fn start_script(batch: &BatchName, first: &str, unit_script: &str) -> String {
    format!(
        r#"
if ! held_by {run}; then printf 'end\tfenced\t%s\n' "$(cat "$STATE/lease" 2>/dev/null || echo nobody)"; exit 0; fi
{first}
DIR=$STATE/{folder}
mkdir -p "$DIR" && chmod 0700 "$STATE/runs" && head -c 65536 /dev/zero >"$DIR/results" && : >"$DIR/results" || cannot_write
mkdir -p /run/regionctl && (umask 077; cat >{script} <<'REGIONCTL_UNIT'
{unit_script}
REGIONCTL_UNIT
) || fail 'cannot write to /run/regionctl'
systemd-run --quiet --collect --unit={unit} --property=Type=exec --description={description} -- /bin/sh {script} || fail 'systemd did not start the unit'
{follow}"#,
        run = quote(&batch.run),
        folder = quote(&batch.folder()),
        script = quote(&batch.script()),
        unit = quote(&batch.unit()),
        description = quote(&format!("regionctl run {}", batch.run)),
        follow = follow_script(batch)
    )
}

/// How long one script follows a unit: another one goes on, as long as the unit works.
const FOLLOWED: Duration = Duration::from_secs(3000);
/// The line with which a script says that the unit still works.
pub const MORE: &str = "@more";

/// The script that reports the results of a unit that was started before, until it ends or, with [`MORE`], for long enough.
pub fn follow_script(batch: &BatchName) -> String {
    format!(
        r#"
DIR=$STATE/{folder}
[ -e "$DIR/results" ] || fail 'the unit left no results'
pid=$(systemctl show -p MainPID --value -- {unit} 2>/dev/null)
if [ "${{pid:-0}}" -le 0 ]; then cat -- "$DIR/results"
elif timeout --foreground {patience} tail -n +1 -f -s 0.05 --pid="$pid" -- "$DIR/results"; then :
elif [ $? = 124 ]; then echo {MORE}
else exit 1; fi
"#,
        patience = FOLLOWED.as_secs(),
        folder = quote(&batch.folder()),
        unit = quote(&batch.unit())
    )
}

/// The script that lets a unit end as soon as it may: waits end at once, work with the step that it is in.
pub fn stop_script(batch: &BatchName) -> String {
    // The folder may not be there yet: then the unit that comes begins nothing.
    format!(
        "DIR=$STATE/{}\n! held_by {} || {{ mkdir -p \"$DIR\" && : >\"$DIR/stop\"; }}\n",
        quote(&batch.folder()),
        quote(&batch.run)
    )
}

/// One line of a unit's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A step began.
    Started(usize),
    /// A step says how far it is.
    Progress(usize, String),
    /// A step ended well, after so many milliseconds.
    Done(usize, u64),
    /// A step failed: exit status and the last of its output.
    Failed(usize, String),
    /// A step was ended, or not begun, because the operator wanted the run to stop.
    Stopped,
    /// Another run holds the lease.
    Fenced(String),
    /// The unit ended by itself.
    End,
}

impl Line {
    /// Reads a line; `None` if it is not one of ours.
    pub fn read(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, '\t');
        let (step, event, value) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        if event == "fenced" {
            return (step != "end" || !value.is_empty()).then(|| Self::Fenced(value.to_owned()));
        }
        if step == "end" {
            return Some(Self::End);
        }
        let step = step.parse().ok()?;
        match event {
            "started" => Some(Self::Started(step)),
            "progress" => Some(Self::Progress(step, value.to_owned())),
            "done" => Some(Self::Done(step, value.parse().unwrap_or_default())),
            "failed" => Some(Self::Failed(step, failure(value))),
            "stopped" => Some(Self::Stopped),
            _ => None,
        }
    }
}

fn failure(value: &str) -> String {
    use base64::Engine as _;
    let (code, output) = value.split_once(' ').unwrap_or((value, ""));
    let output = base64::engine::general_purpose::STANDARD.decode(output).unwrap_or_default();
    let whole = output.len() < TAIL;
    let output = String::from_utf8_lossy(&output);
    // A line that was cut may hold half a secret, which no mask would know.
    let output = if whole { &output } else { output.split_once('\n').map_or("", |(_, rest)| rest) };
    let lines: Vec<_> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(20)..].join("\n");
    if last.is_empty() { format!("exit status {code}, no output") } else { format!("exit status {code}\n{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_last_goes_back_first_whatever_the_clock_says() {
        let state = tempfile::tempdir().unwrap();
        let script = format!(
            r#"{PRELUDE}
STATE={} DIR=
{RUNNER}
keep_before() {{ :; }}
entry() {{ at=$2; date() {{ echo "$at"; }}; ledger "$1" : here wanted; }}
entry a1 3000
entry b2 1000
entry c3 5000
rm "$STATE/order"
entry d4 2000
: >"$STATE/order"
entry e5 6000
cut -d ' ' -f 1 "$STATE"/ledger/*/original"#,
            quote(&state.path().display().to_string())
        );
        let output = std::process::Command::new("sh").args(["-euc", &script]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "3000\n3001\n5000\n5001\n6000\n", "{output:?}");
    }

    /// Who follows a unit is stopped by a signal to its process group when the connection ends; `tail` must not stay behind.
    #[test]
    fn who_follows_a_unit_ends_with_the_connection() {
        let state = tempfile::tempdir().unwrap();
        let batch = BatchName { run: "1".into(), number: 1 };
        let results = state.path().join(batch.folder()).join("results");
        std::fs::create_dir_all(results.parent().unwrap()).unwrap();
        std::fs::write(&results, "").unwrap();
        let script = format!(
            "{PRELUDE}\nSTATE={}\nsystemctl() {{ echo {}; }}\n{}",
            quote(&state.path().display().to_string()),
            std::process::id(),
            follow_script(&batch)
        );
        let mut follower = std::process::Command::new("setsid").args(["sh", "-euc", &script]).spawn().unwrap();
        let follows = || {
            let pattern = format!("^tail .*{}", results.display());
            std::process::Command::new("pgrep").args(["-f", &pattern]).output().unwrap().status.success()
        };
        let until = |wanted: bool| {
            (0..1000).any(|_| {
                follows() == wanted || {
                    std::thread::sleep(Duration::from_millis(10));
                    false
                }
            })
        };
        assert!(until(true), "nobody follows");
        let group = format!("-{}", follower.id());
        assert!(std::process::Command::new("kill").args(["-TERM", "--", &group]).status().unwrap().success());
        assert!(until(false), "tail is left behind");
        follower.wait().unwrap();
    }
}
