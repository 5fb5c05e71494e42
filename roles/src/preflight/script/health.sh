# What disks and arrays say of their own health. In a container they are the machine's below.

read_health() {
  systemd-detect-virt --quiet --container && return
  for disk in /sys/block/sd* /sys/block/hd* /sys/block/nvme*; do
    [ -b "/dev/${disk##*/}" ] && read_smart "/dev/${disk##*/}" &
  done
  wait
  while IFS= read -r line; do row arrays mdstat "$line"; done </proc/mdstat
}

# A whole answer in one write, so that several at once do not mix.
read_smart() {
  command -v smartctl >/dev/null || return
  said=$(timeout 20 smartctl --info --health --json=c "$1" | tr '\t\n' '  ')
  row "smart:$1" json "$said"
}
