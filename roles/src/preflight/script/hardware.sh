# Processors, memory and what the kernel offers.

read_hardware() {
  row hardware cpus "$(nproc --all)"
  flags=" $(grep -m 1 '^flags' /proc/cpuinfo | cut -d : -f 2) "
  for flag in cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 svm vmx; do
    case $flags in *" $flag "*) row hardware cpu-flag "$flag" ;; esac
  done
  row hardware memory "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)"
  tail -n +2 /proc/swaps | while read -r swap _; do row hardware swap "$swap"; done
  row hardware cgroup "$(stat -fc %T /sys/fs/cgroup)"
  if [ -r /sys/fs/cgroup/cgroup.controllers ]; then
    cat /sys/fs/cgroup/cgroup.controllers
  else
    awk '$4 == 1 { print $1 }' /proc/cgroups
  fi | tr ' ' '\n' | while read -r controller; do row hardware controller "$controller"; done
  row hardware dev-fuse "$(yesno test -c /dev/fuse)"
  row hardware entropy "$(cat /proc/sys/kernel/random/entropy_avail)"
}

# A module can be built in, loaded, or lie there to be loaded; nothing is loaded to find out.
read_module() {
  case $1 in
    tun) trace=/dev/net/tun ;;
    8021q) trace=/proc/net/vlan ;;
    br_netfilter) trace=/proc/sys/net/bridge ;;
    dm_mod) trace=/sys/class/misc/device-mapper ;;
    *) trace=/sys/module/$1 ;;
  esac
  if [ -e "$trace" ] || [ -d "/sys/module/$1" ] || grep -qw "$1" /proc/filesystems; then
    row hardware "module-$1" yes
  elif [ "$1" = nf_tables ] && nft list tables >/dev/null; then
    row hardware "module-$1" yes
  elif modprobe --dry-run --quiet "$1"; then
    row hardware "module-$1" yes
  else
    row hardware "module-$1" no
  fi
}
