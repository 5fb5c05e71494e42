# The operating system, its state, and the names of the host.

read_system() {
  (
    ID='' VERSION_ID='' VERSION_CODENAME=''
    [ -r /etc/os-release ] && . /etc/os-release
    row system id "$ID"
    row system version "$VERSION_ID"
    row system codename "$VERSION_CODENAME"
  )
  row system arch "$(dpkg --print-architecture || uname -m)"
  row system kernel "$(uname -r)"
  row system virtualization "$(systemd-detect-virt)"
  row system container "$(yesno systemd-detect-virt --quiet --container)"
  row system pid1 "$(cat /proc/1/comm)"
  row system state "$(timeout 5 systemctl is-system-running | head -n 1)"
  timeout 5 systemctl list-units --state=failed --plain --no-legend --no-pager | while read -r unit _; do
    row system failed-unit "$unit"
  done
  row system uid "$(id -u)"
  row system shell "$(readlink -f /bin/sh)"
  row system shell-posix "$(sh -c 'x=a.b.c; [ "${x%.*}:${x##*.}:$((2 + 3 * 4))" = a.b:c:14 ] && f() { local y=1; } && echo yes || echo no')"
  for tool in apt-get awk base64 blkid dd dpkg findmnt flock getent ip mktemp mount sed sha256sum ss stat systemctl systemd-run timeout; do
    command -v "$tool" >/dev/null || row system missing-tool "$tool"
  done
  row system ping "$(yesno command -v ping)"
  row system root-options "$(findmnt -no OPTIONS / | tail -n 1)"
  folder=${STATE:-/var/lib/regionctl}
  while [ ! -e "$folder" ]; do folder=${folder%/*}; folder=${folder:-/}; done
  row system state-writable "$(yesno test -d "$folder" -a -w "$folder")"
  read_filesystem /
  read_filesystem /var
  for place in /boot /var/lib/regionctl; do mountpoint -q "$place" && read_filesystem "$place"; done
  row system open-files "$(ulimit -Hn)"
  row system utf8 "$(yesno eval 'locale -a | grep -Eiqx "c\.utf-?8"')"
  [ -r /sys/fs/selinux/enforce ] && row system selinux "$(cat /sys/fs/selinux/enforce)"
  row system reboot-required "$(yesno test -e /run/reboot-required)"
  # Where sshd is started for each connection, its folder exists only then.
  [ -x /usr/sbin/sshd ] && put system sshd-error "$(/usr/sbin/sshd -t 2>&1 | grep -v 'privilege separation directory' | head -n 3)"

  row identity hostname "$(uname -n)"
  row identity static-hostname "$(head -n 1 /etc/hostname)"
  row identity machine-id "$(head -n 1 /etc/machine-id)"
  row identity gluster-id "$(sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info)"
  for key in /etc/ssh/ssh_host_*_key.pub; do
    [ -r "$key" ] && row identity ssh-host-key "$(cut -d ' ' -f 2 "$key" | sha256sum | cut -c 1-64)"
  done
  # A ledger entry begins with the resource's id; ids inside of file contents are escaped and do not match.
  cat "${STATE:-/var/lib/regionctl}"/ledger/*[0-9a-f]/applied | grep -o '"resource":{"id":"[^"]*"' | cut -d '"' -f 6 | while read -r id; do
    row ours id "$id"
  done
}

read_filesystem() {
  df -Pk "$1" | tail -n 1 | { read -r _ size used free _; row "fs:$1" size "$size"; row "fs:$1" used "$used"; row "fs:$1" free "$free"; }
  df -Pi "$1" | tail -n 1 | { read -r _ inodes _ free _; row "fs:$1" inodes "$inodes"; row "fs:$1" inodes-free "$free"; }
}

read_clock() {
  for unit in chrony ntp ntpsec openntpd systemd-timesyncd; do
    running "$unit" && row clock service "$unit"
  done
  row clock synchronised "$(timeout 5 timedatectl show --property=NTPSynchronized --value)"
}
