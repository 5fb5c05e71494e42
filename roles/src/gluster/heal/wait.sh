# How long a brick may be away, how long no copy may be made, and how often is asked if all is healed (sooner of a few files, where
# that is soon answered), in seconds.
GRACE=60
STILL=300
ASK=60
ASK_FEW=5

# `wait_for_copies VOLUME SECONDS COUNT`: waits until COUNT prints 0 (nothing: nobody knows), and asks the daemons meanwhile. It
# ends sooner when a brick stays away, when no copy was made for a while, and when nothing is left to heal although a brick still
# notes something.
wait_for_copies() {
  volume=$1 limit=$2 count=$3
  begun=$(seconds)
  asked=0 looked=0 took=0 refused='' renewed='' killed='' gone='' mute='' sure=$begun window=$begun before='' low='' listed='' silent=''
  while n=$("$count"); [ "$n" != 0 ]; do
    heed
    now=$(seconds)
    [ "$((now - begun))" -lt "$limit" ] || fail "waited $limit s for ${n:-unknown} files of the volume $volume to be copied; see: gluster volume heal $volume info"
    progress "${n:-?} files and folders of $volume wait to be copied"
    look_at_bricks
    heed
    ask_for_copies
    heed
    ! is_healed || return 0
    note_count
    if [ "$((now - window))" -ge "$STILL" ]; then
      why_still
      window=$now before=$low low=''
    fi
    sleep 1
  done
}

look_at_bricks() {
  [ "$((now - looked))" -ge 10 ] || return 0
  looked=$now
  if ! away=$(bricks_away "$volume"); then
    mute=${mute:-$now}
    [ "$((now - mute))" -lt "$STILL" ] || fail "gluster tells nothing of the volume $volume since $STILL s: $away; see: systemctl status glusterd"
    return 0
  fi
  mute=''
  if [ -z "$away" ]; then gone=''; return 0; fi
  gone=${gone:-$now}
  progress "not served: $away"
  [ "$((now - gone))" -lt "$GRACE" ] || fail "a brick of the volume $volume is away, nothing can be copied to or from it: $away; 'regionctl install' starts what can be started"
}

# By themselves the daemons look every 10 minutes, and one that looked before all bricks were there has seen nothing.
ask_for_copies() {
  [ "$((now - asked))" -ge 30 ] || return 0
  if timeout -k 5 60 gluster --mode=script volume heal "$volume" >/dev/null 2>&1; then
    asked=$now refused=''
    return 0
  fi
  refused=${refused:-$now}
  if [ "$((now - refused))" -ge "$GRACE" ] && [ -z "$gone$mute$renewed" ]; then
    renew_daemon
  fi
}

# The daemon that heals may wait for ever at the port that a brick had before. It is started anew only with its volumes, which by
# force starts bricks too: only where all of them run. If that is refused it is tried again.
renew_daemon() {
  started=
  for info in "$VOLUMES"/*/info; do
    grep -qsx status=1 "$info" || continue
    info=${info%/info}
    heed
    away=$(bricks_away "${info##*/}") && [ -z "$away" ] || return 0
    started="$started ${info##*/}"
  done
  # Once: the one that runs later may be what somebody else has started meanwhile.
  [ -n "$killed" ] || pkill -f -- '--process-name glustersh[d]( |$)' || :
  killed=yes
  for name in $started; do
    heed
    ! timeout -k 5 120 gluster --mode=script volume start "$name" force >/dev/null 2>&1 || renewed=yes
  done
}

# A brick also notes what is only just being written, so the list of a volume in use is seldom empty. Gluster looks at every file
# of it: only where they are not too many.
is_healed() {
  pause=$ASK
  case ${n:-many} in ? | 1?) [ "$took" -gt 6 ] || pause=$ASK_FEW ;; esac
  [ "$((now - sure))" -ge "$pause" ] && [ "${n:-0}" -lt 1000 ] || return 1
  sure=$now
  ! nothing_to_heal "$volume" 3 || return 0
  took=$(($(seconds) - now))
  return 1
}

# The fewest of this time and of the time before are compared, so that what clients write meanwhile does not count.
note_count() {
  [ -n "$n" ] || return 0
  before=${before:-$n}
  [ "${low:-$n}" -lt "$n" ] || low=$n
}
is_still() { [ -z "$low" ] || [ "$low" -ge "$before" ]; }

# Goes back if fewer wait than before, if a file is being healed, or if one that waited before is no longer among them: in a folder
# that is copied ever more is found. Where Gluster has so much to look at that it names nothing, the number must fall at last.
why_still() {
  if ! is_still; then silent=; return 0; fi
  if ! info=$(heal_info "$volume" 120); then
    [ -n "$silent" ] || { silent=yes; return 0; }
    fail "no file of the volume $volume was healed for $((2 * STILL)) s, ${n:-unknown} files wait: too many for gluster to name; see: /var/log/glusterfs/glustershd.log"
  fi
  silent=
  files=$(printf '%s\n' "$info" | sed -n 's/ *$//; s/ - Possibly undergoing heal$//; \,^[/<],p' | sort -u)
  former=$listed listed=$files
  ! printf '%s\n' "$info" | grep -q 'Possibly undergoing heal' || return 0
  [ -n "$files" ] || return 0
  if [ -n "$former" ] && printf '%s\n' "$former" | grep -vxqFe "$files"; then return 0; fi
  if [ -z "$former" ] && [ "${n:-0}" -gt "${before:-0}" ]; then return 0; fi
  {
    echo "no file of the volume $volume was healed for $STILL s"
    printf '%s\n' "$files" | head -n 5 | while IFS= read -r file; do why_not "$file"; done
    echo "see: gluster volume heal $volume info; the daemon's own words are in /var/log/glusterfs/glustershd.log"
  } >&2
  exit 1
}

quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }

# `why_not FILE`: what Gluster, or an arbiter here, says of it, and what can be done. Who writes to a volume chooses the names.
why_not() {
  case $1 in *' - Is in split-brain')
    file=${1%' - Is in split-brain'}
    echo "$file: split brain, its copies went apart. Choose one: gluster volume heal $volume split-brain latest-mtime $(quoted "$file") (or: source-brick HOST:BRICK $(quoted "$file"))"
    return ;;
  esac
  for brick in $ARBITERS; do
    blamed=$(blamed_by "$brick" "$1")
    [ "$(printf '%s\n' "$blamed" | grep -c .)" -ge 2 ] || continue
    id=$(printf '%s\n' "$blamed" | head -n 1)
    good=$(grep -lsx "brick-id=${id#trusted.afr.}" "$VOLUMES/$volume"/bricks/* | head -n 1)
    good=$(sed -n 's/^hostname=//p' "$good")
    echo "$1: no good copy is left, a write failed on every one. Compare them on their bricks; if that on $good is right, on this server: setfattr -n $id -v 0x000000000000000000000000 $(quoted "$brick$1")"
    return
  done
  echo "$1: not healed"
}

# The copies whose content the arbiter knows to be old. Of a folder it is itself a whole copy.
blamed_by() {
  [ -f "$1$2" ] || return 0
  getfattr --absolute-names -d -m '^trusted\.afr\..*-client-' -e hex -- "$1$2" 2>/dev/null | awk -F = '/^trusted/ && $2 !~ /^0x00000000/ { print $1 }'
}
