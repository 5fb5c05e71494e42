//! The small shell vocabulary that every script sent to a host starts with.

/// Defines `row`, `rowb`, `say`, `retry_until` and a predictable environment. Needs a POSIX shell, coreutils and util-linux.
///
/// * `row NAME FIELD VALUE` prints one observed value, which must be a single line;
/// * `rowb NAME FIELD < data` prints data of any shape in base64;
/// * `fail MESSAGE` ends with an error; `cannot_write` does if our own folder takes nothing;
/// * `replace NEW PATH` puts a new file in the place of another, for good, or leaves nothing of it behind;
/// * `progress TEXT` says how far a change is that takes long: what differs from the last time, every ten seconds at most;
/// * `seconds` prints how long the machine is up: waits are measured by it, because a clock may be set meanwhile;
/// * `held_by RUN`: the run holds the host's lease;
/// * `heed` belongs into every loop that waits in a change: it ends the wait when the operator ends the run or it holds the
///   host no more, so that nobody inherits a wait without an end;
/// * `until_true SECONDS WHAT COMMAND…` waits for a condition, and names what it waited for if it gives up. It heeds.
pub const PRELUDE: &str = r#"
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
umask 022
STATE=/var/lib/regionctl
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }
rowb() { printf '%s\t%s\t' "$1" "$2"; base64 -w0; echo; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
cannot_write() { fail "cannot write to $STATE: no room is left, or it is read-only; see: df -h $STATE"; }
replace() {
  [ -L "$1" ] || sync -- "$1"
  mv -fT -- "$1" "$2" || { rm -f -- "$1"; fail "cannot replace $2"; }
}
progress() {
  _now=$(seconds)
  [ -n "${PROGRESS:-}" ] && [ "$*" != "${_told:-}" ] && [ "$((_now - ${_told_at:-0}))" -ge 10 ] || return 0
  _told=$* _told_at=$_now
  printf '%s\tprogress\t%s\n' "$STEP" "$*" >>"$PROGRESS"
}
seconds() { read -r _up _ </proc/uptime; printf '%s\n' "${_up%%.*}"; }
held_by() { _holder=; IFS='	' read -r _holder _ 2>/dev/null <"$STATE/lease"; [ "$_holder" = "$1" ]; }
heed() {
  [ -n "${BATCH:-}" ] || return 0
  if [ -e "$BATCH/stop" ]; then : >"$BATCH/heeded"; fail 'ended by the operator'; fi
  held_by "$RUN" || fail "ended, because ${_holder:-nobody} holds the host"
}
until_true() {
  _limit=$1 _what=$2; shift 2
  _end=$(($(seconds) + _limit))
  until "$@"; do
    [ "$(seconds)" -lt "$_end" ] || fail "waited $_limit s for $_what"
    heed
    sleep 0.2
  done
}
"#;
