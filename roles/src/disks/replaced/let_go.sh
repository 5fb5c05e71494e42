served() { pgrep -f -- "--brick-name $1( |\$)" >/dev/null; }
not_served() { ! served "$1"; }

# `stop_brick VOLUME SERVER PATH`
stop_brick() {
  served "$3" || return 0
  ! gluster_runs || gluster_try volume reset-brick "$1" "$2:$3" start
  not_served "$3" || pkill -f -- "--brick-name $3( |\$)" || :
  until_true 30 "the brick $3 to stop" not_served "$3"
}

# What cannot be reached any more is let go at once, and goes when its last user does.
unmount() {
  while [ -n "$(mounted "$1")" ]; do
    umount -- "$1" || { dead "$1" "$2" && umount -l -- "$1"; } || fail "$1 is in use; see: lsof $1"
  done
}

# One mapper may stand on another, so those that can go first go first.
close_mappers() {
  before=
  while names=$(mappers "$1" "$2" | cut -d ' ' -f 1); [ -n "$names" ] && [ "$names" != "$before" ]; do
    before=$names
    for name in $names; do dmsetup remove --retry -- "$name" >/dev/null 2>&1 || :; done
  done
  for name in $names; do dmsetup remove --force --retry -- "$name" || fail "/dev/mapper/$name is in use"; done
}
