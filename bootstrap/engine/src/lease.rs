//! The region's lock: a lease on every host, expiring, with owner and verb.
//!
//! Every script that changes something checks first that its run still holds the lease, so a run that was fenced off does
//! no more harm however late it wakes up.

use std::time::Duration;

use regionctl_plan::quote;
use serde::{Deserialize, Serialize};

/// How long a lease lasts if it is not renewed. Long enough for a slow link, short enough that a colleague need not wait
/// long after a laptop died.
pub const LEASE_TIME: Duration = Duration::from_secs(120);

/// Who holds a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The run.
    pub run: String,
    /// `user@machine:folder`: the same owner may take over at once, because the folder's own lock proves the old run dead.
    pub owner: String,
    /// The verb that runs.
    pub verb: String,
    /// Seconds since 1970 on the host's clock.
    pub expires: u64,
}

impl Lease {
    /// Reads the line in the host's `lease` file.
    pub fn read(line: &str) -> Option<Self> {
        let mut parts = line.split('\t');
        Some(Self {
            run: parts.next()?.to_owned(),
            owner: parts.next()?.to_owned(),
            verb: parts.next()?.to_owned(),
            expires: parts.next()?.trim().parse().ok()?,
        })
    }
}

/// Which verb may take over a live lease of the same owner's dead run: any that converges to the inventory or undoes it.
/// Another owner's lease is only taken over when it has expired.
pub fn take_script(run: &str, owner: &str, verb: &str, time: Duration) -> String {
    format!(
        r#"
mkdir -p "$STATE" && chmod 0700 "$STATE" || cannot_write
exec 9>"$STATE/lease.lock"; flock 9
now=$(date +%s); held= from=
if [ -f "$STATE/lease" ]; then
  IFS='	' read -r held owner verb expires <"$STATE/lease" || held=
  if [ -n "$held" ] && [ "$held" != {run} ]; then
    # One that ends later than any is taken for was taken before the clock was set back.
    if [ "$owner" != {owner} ] && [ "$now" -lt "${{expires:-0}}" ] && [ "$expires" -le $((now + 2 * {longest})) ]; then
      echo @held; cat "$STATE/lease"; echo @end; exit 0
    fi
    from=$held
  fi
fi
printf '%s\t%s\t%s\t%s\n' {run} {owner} {verb} $((now + {time})) >"$STATE/lease.new" && mv -f "$STATE/lease.new" "$STATE/lease" || cannot_write
exec 9>&-
echo @taken; echo "$from"
"#,
        run = quote(run),
        owner = quote(owner),
        verb = quote(verb),
        time = time.as_secs(),
        longest = time.max(LEASE_TIME).as_secs()
    )
}

/// Extends the lease if the run still holds it; otherwise prints who does.
pub fn renew_script(run: &str, time: Duration) -> String {
    format!(
        r#"
exec 9>"$STATE/lease.lock"; flock 9
IFS='	' read -r held owner verb expires <"$STATE/lease" || held=
if [ "$held" != {run} ]; then echo @held; cat "$STATE/lease" 2>/dev/null; echo @end; exit 0; fi
printf '%s\t%s\t%s\t%s\n' "$held" "$owner" "$verb" $(($(date +%s) + {time})) >"$STATE/lease.new" && mv -f "$STATE/lease.new" "$STATE/lease"
echo @renewed
"#,
        run = quote(run),
        time = time.as_secs()
    )
}

/// Gives the lease back if the run still holds it.
pub fn release_script(run: &str) -> String {
    format!(
        r#"
[ -d "$STATE" ] || exit 0
exec 9>"$STATE/lease.lock"; flock 9
if held_by {run}; then rm -f "$STATE/lease"; fi
"#,
        run = quote(run)
    )
}

/// After a reset: forgets everything that regionctl keeps on a host and prints `forgotten`; or prints `kept`, where something of
/// ours is left because only a part was reset. The backups that the account tools leave beside `/etc/passwd` and its like go back
/// too, where the files themselves did, and systemd forgets the failures of units that are gone.
pub fn forget_script(run: &str) -> String {
    format!(
        r#"
held_by {run} || fail 'another run took the lease'
if ls -d "$STATE"/ledger/*[0-9a-f]/ >/dev/null 2>&1; then echo kept; exit 0; fi
for file in passwd group shadow gshadow subuid subgid; do
  cmp -s "/etc/$file" "$STATE/accounts/$file" || continue
  if [ -e "$STATE/accounts/$file-" ]; then cp -a "$STATE/accounts/$file-" "/etc/$file-"; else rm -f "/etc/$file-"; fi
done
systemctl list-units --state=failed --plain --no-legend --no-pager | while read -r unit load _; do
  [ "$load" != not-found ] || grep -qsxFe "$unit" -- "$STATE/accounts/failed-units" || systemctl reset-failed -- "$unit" || :
done
# What went back to its place is there for good before its copy goes.
sync -f -- /etc
rm -rf -- "$STATE" /run/regionctl || [ -z "$(ls -A -- "$STATE" 2>/dev/null)" ] || fail "cannot remove $STATE"
echo forgotten
"#,
        run = quote(run)
    )
}
