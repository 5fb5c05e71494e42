# How long a brick may be away, and how long no copy may be made, in seconds.
GRACE=60
STILL=300

# `wait_for_copies VOLUME SECONDS COUNT`: waits until COUNT prints 0 (nothing: nobody knows), and asks the daemons meanwhile. It
# ends as soon as nothing more can be expected: a brick is away, or no file gets healed.
wait_for_copies() {
  volume=$1 limit=$2 count=$3
  begun=$(seconds)
  asked=0 looked=0 refused='' renewed='' gone='' mute='' window=$begun before='' low=''
  while n=$("$count"); [ "$n" != 0 ]; do
    heed
    now=$(seconds)
    [ "$((now - begun))" -lt "$limit" ] || fail "waited $limit s for ${n:-unknown} files of the volume $volume to be copied; see: gluster volume heal $volume info"
    progress "${n:-?} files and folders of $volume wait to be copied"
    look_at_bricks
    ask_for_copies
    note_count
    if [ "$((now - window))" -ge "$STILL" ]; then
      if is_still; then
        ! nothing_to_heal "$volume" || return 0
        why_still
      fi
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
    renewed=yes
    renew_daemon
  fi
}

# The daemon that heals may wait for ever at the port that a brick had before. It is started anew only with its volumes, which by
# force starts bricks too: only where all of them run.
renew_daemon() {
  pkill -f -- '--process-name glustersh[d]( |$)' || :
  for info in "$VOLUMES"/*/info; do
    grep -qsx status=1 "$info" || continue
    info=${info%/info}
    if away=$(bricks_away "${info##*/}") && [ -z "$away" ]; then
      timeout -k 5 120 gluster --mode=script volume start "${info##*/}" force >/dev/null 2>&1 || :
    fi
  done
}

# The fewest of this time and of the time before are compared, so that what clients write meanwhile does not count.
note_count() {
  [ -n "$n" ] || return 0
  before=${before:-$n}
  [ "${low:-$n}" -lt "$n" ] || low=$n
}
is_still() { [ -z "$low" ] || [ "$low" -ge "$before" ]; }

# Goes back if a file is being healed right now, or Gluster has so much to look at that it does not tell in time.
why_still() {
  info=$(heal_info "$volume" 120) || return 0
  ! printf '%s\n' "$info" | grep -q 'Possibly undergoing heal' || return 0
  files=$(printf '%s\n' "$info" | sed -n 's/ *$//; \,^[/<],p' | sort -u)
  [ -n "$files" ] || return 0
  {
    echo "no file of the volume $volume was healed for $STILL s"
    printf '%s\n' "$files" | head -n 5 | while IFS= read -r file; do why_not "$file"; done
    echo "see: gluster volume heal $volume info; the daemon's own words are in /var/log/glusterfs/glustershd.log"
  } >&2
  exit 1
}

# `why_not FILE`: what Gluster, or an arbiter here, says of it, and what can be done.
why_not() {
  case $1 in *' - Is in split-brain')
    file=${1%' - Is in split-brain'}
    echo "$file: split brain, its copies went apart. Choose one: gluster volume heal $volume split-brain latest-mtime '$file' (or: source-brick HOST:BRICK '$file')"
    return ;;
  esac
  for brick in $ARBITERS; do
    blamed=$(blamed_by "$brick" "$1")
    [ "$(printf '%s\n' "$blamed" | grep -c .)" -ge 2 ] || continue
    id=$(printf '%s\n' "$blamed" | head -n 1)
    good=$(grep -lsx "brick-id=${id#trusted.afr.}" "$VOLUMES/$volume"/bricks/* | head -n 1)
    good=$(sed -n 's/^hostname=//p' "$good")
    echo "$1: no good copy is left, a write failed on every one. Compare them on their bricks; if that on $good is right, on this server: setfattr -n $id -v 0x000000000000000000000000 '$brick$1'"
    return
  done
  echo "$1: not healed"
}

# The copies whose content the arbiter knows to be old. Of a folder it is itself a whole copy.
blamed_by() {
  [ -f "$1$2" ] || return 0
  getfattr --absolute-names -d -m '^trusted\.afr\..*-client-' -e hex -- "$1$2" 2>/dev/null | awk -F = '/^trusted/ && $2 !~ /^0x00000000/ { print $1 }'
}
