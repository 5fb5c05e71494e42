# What `regionctl init` wants to know of a server: rows of words separated by tabs. Reads only.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
row() { printf '%s\t' "$@"; echo; }

row name "$(cat /proc/sys/kernel/hostname)"
(. /etc/os-release && row os "$PRETTY_NAME")
while read -r key value unit; do
  if [ "$key" = MemTotal: ]; then row memory "$((value * 1024))"; fi
done </proc/meminfo

via=$(ip -o route show default 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')
for net in /sys/class/net/*; do
  nic=${net##*/}
  # Ethernet only, and neither made by software for its own use nor half of a pair.
  [ "$(cat "$net/type" 2>/dev/null)" = 1 ] || continue
  if [ -e "$net/bridge" ] || [ -e "$net/tun_flags" ]; then continue; fi
  case $nic in veth* | cali* | cni* | flannel* | docker* | br-* | virbr* | vnet* | tap* | dummy*) continue ;; esac
  default=no
  for dev in $via; do if [ "$dev" = "$nic" ]; then default=yes; fi; done
  row nic "$nic" "$(cat "$net/address")" "$default"
  ip -o addr show dev "$nic" scope global 2>/dev/null | while read -r _ _ family address _; do
    case $family in inet*) row address "$nic" "${address%/*}" ;; esac
  done
done

lsblk -b -d -n -r -o NAME,SIZE,TYPE,RO 2>/dev/null | while read -r name size type ro; do
  if [ "$type" != disk ] || [ "$ro" = 1 ] || [ "$size" = 0 ]; then continue; fi
  case $name in zram* | nbd* | fd*) continue ;; esac
  # A container sees the disks of the machine below in /sys, but has no device for them.
  [ -b "/dev/$name" ] || continue
  # Names that stay when disks are added or moved; those with a model are easier to recognise.
  device=
  for link in /dev/disk/by-id/*; do
    [ "$(readlink -f "$link")" = "/dev/$name" ] || continue
    case $link in
    */wwn-* | */nvme-eui.* | */nvme-nvme.*) device=${device:-$link} ;;
    *) device=$link; break ;;
    esac
  done
  used=no
  if [ "$(lsblk -n -r -o NAME "/dev/$name" 2>/dev/null | wc -l)" -gt 1 ] || [ -n "$(lsblk -n -r -o FSTYPE,MOUNTPOINT "/dev/$name" 2>/dev/null | tr -d ' \n')" ]; then used=yes; fi
  row disk "${device:-/dev/$name}" "$size" "$used"
done
row end
