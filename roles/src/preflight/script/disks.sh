# The disks of the inventory, and how long a small write takes.

read_disk() {
  if [ -b "$1" ]; then
    row "disk:$1" kind block
  elif [ -e "$1" ]; then
    row "disk:$1" kind other
    return
  else
    row "disk:$1" kind none
    return
  fi
  row "disk:$1" target "$(readlink -f "$1")"
  # stat prints the device number in hexadecimal, sysfs and the mount table have it in decimal.
  number=$(printf '%d:%d' "0x$(stat -Lc %t "$1")" "0x$(stat -Lc %T "$1")")
  row "disk:$1" number "$number"
  row "disk:$1" bytes "$(($(cat "/sys/dev/block/$number/size") * 512))"
  [ "$(cat "/sys/dev/block/$number/ro")" = 1 ] && row "disk:$1" read-only yes
  # What cannot be read looks empty to blkid.
  # Past the cache: the beginning of a disk that has failed since may still be in memory.
  row "disk:$1" readable "$(yesno reads "$1")"
  put "disk:$1" model "$(cat "/sys/dev/block/$number/device/model")"
  put "disk:$1" serial "$(udevadm info --query=property --name="$1" | sed -n 's/^ID_SERIAL_SHORT=//p')"
  blkid --probe --output export "$1" | while IFS='=' read -r key value; do
    case $key in
      TYPE | PTTYPE) row "disk:$1" signature "$value" ;;
      LABEL) put "disk:$1" label "$value" ;;
    esac
  done
  blkid --probe --output export "$1" >/dev/null
  [ $? = 8 ] && row "disk:$1" signature "several at once"
  read_device "$1" "$number"
  for part in "/sys/dev/block/$number"/*/partition; do
    [ -e "$part" ] || continue
    part=${part%/partition}
    row "disk:$1" partition "${part##*/}"
    read_device "$1" "$(cat "$part/dev")"
  done
}

reads() { [ "$(dd if="$1" bs=4096 count=1 iflag=fullblock,direct | wc -c)" = 4096 ]; }

# What uses a device or a partition of it.
read_device() {
  for holder in "/sys/dev/block/$2"/holders/*; do
    [ -e "$holder" ] && row "disk:$1" holder "${holder##*/}"
  done
  awk -v number="$2" '$3 == number { print $5 }' /proc/self/mountinfo | sort -u | while read -r mount; do
    row "disk:$1" mount "$mount"
  done
  tail -n +2 /proc/swaps | while read -r swap _; do
    [ -b "$swap" ] && [ "$(printf '%d:%d' "0x$(stat -Lc %t "$swap")" "0x$(stat -Lc %T "$swap")")" = "$2" ] && row "disk:$1" swap yes
  done
}

# 100 writes of 4 KiB, each synced before the next, to a file that has its size already, as etcd's log does. dd itself
# says how long the write took, so that starting dd does not count. Gives up after 10 s.
read_writes() {
  if ! test_file=$(mktemp "/var/lib/.regionctl-preflight.XXXXXX" 2>&1); then
    put writes error "$test_file"
    return
  fi
  trap 'rm -f "$test_file"' EXIT
  trap 'exit 1' HUP INT TERM
  if ! said=$(dd if=/dev/zero of="$test_file" bs=4k count=100 conv=fsync 2>&1); then
    put writes error "$said"
    return
  fi
  limit=$(($(seconds) + 10))
  taken='' i=0
  while [ "$i" -lt 100 ] && [ "$(seconds)" -lt "$limit" ]; do
    said=$(timeout 10 dd if=/dev/zero of="$test_file" bs=4k count=1 seek="$i" oflag=dsync conv=notrunc 2>&1)
    # 4096 bytes (4.1 kB, 4.0 KiB) copied, 0.000123 s, 33.3 MB/s
    case $said in
      *copied,*) said=${said##*copied, } && taken="$taken ${said%% s*}" ;;
      *) put writes error "${said:-no write ended within 10 s}" && return ;;
    esac
    i=$((i + 1))
  done
  row writes seconds "${taken# }"
}
