# What is on a disk and whether it still works.

mounted() { awk -v at="$1" '$5 == at { number = $3 } END { print number }' /proc/self/mountinfo; }
read_only() { awk -v at="$1" '$5 == at { ro = ($6 "," $NF) ~ /(^|,)ro(,|$)/ } END { exit !ro }' /proc/self/mountinfo; }

# True if a device, and all that it is made of, is still there.
alive() (
  [ -e "/sys/dev/block/$1" ] || exit 1
  for below in "/sys/dev/block/$1/slaves"/*; do
    [ -L "$below" ] || continue
    [ -e "$below/dev" ] && alive "$(cat "$below/dev")" || exit 1
  done
)

# `dead FOLDER DEVICE`: true if what is mounted there cannot be used any more, or is another disk than this.
dead() {
  number=$(mounted "$1")
  [ -n "$number" ] || return 1
  alive "$number" && ! read_only "$1" && timeout 20 ls -A -- "$1" >/dev/null 2>&1 || return 0
  [ -b "$2" ] && [ "$(stat -Lc %Hr:%Lr -- "$2")" != "$number" ]
}

# `mappers CONTAINER GROUP`: the name and the number of the container of this name and of each volume of the group. In a mapper's
# name a dash of the group is two.
mappers() {
  group=$(printf '%s' "$2" | sed 's/-/--/g')
  for mapper in /sys/block/dm-*; do
    [ -e "$mapper/dm/name" ] || continue
    name=$(cat "$mapper/dm/name")
    case "$(cat "$mapper/dm/uuid")/$name" in CRYPT-*/"$1" | LVM-*/"$group"-[!-]*) ;; *) continue ;; esac
    [ ! -e "/dev/mapper/$name" ] || echo "$name $(cat "$mapper/dev")"
  done
}
dead_mappers() { mappers "$1" "$2" | while read -r name number; do alive "$number" || echo "$name"; done; }
