# Interfaces, routes, resolvers, and the way to the other servers.

read_network() {
  for nic in /sys/class/net/*; do
    name=${nic##*/}
    [ "$name" != lo ] && [ -e "$nic/mtu" ] || continue
    row "nic:$name" mac "$(cat "$nic/address")"
    row "nic:$name" mtu "$(cat "$nic/mtu")"
    row "nic:$name" state "$(cat "$nic/operstate")"
    row "nic:$name" carrier "$(cat "$nic/carrier")"
    row "nic:$name" speed "$(cat "$nic/speed")"
    [ -e "$nic/master" ] && row "nic:$name" master "$(basename "$(readlink "$nic/master")")"
    row "nic:$name" physical "$(yesno test -e "$nic/device")"
  done
  ip -o addr show | while read -r _ name _ address _; do
    [ "$name" != lo ] && row "nic:${name%@*}" address "$address"
  done
  ip -o -4 route show | while read -r route; do
    case $route in
      default*) row net default-v4 "$route" ;;
      *) row net route "$route" ;;
    esac
  done
  ip -o -6 route show default | while read -r route; do row net default-v6 "$route"; done
  awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf | while read -r resolver; do row net resolver "$resolver"; done
  row net ssh-connection "${SSH_CONNECTION:-}"
}

# Whether a name resolves.
read_name() {
  row "dns:$1" resolves "$(yesno timeout 5 getent ahosts "$1")"
}

# True if this host has the address on an interface.
has_address() {
  ip -o addr show | grep -qF " $1/"
}

# The way to one server: small packets for loss and latency, then the vrack's largest, uncut.
read_pair() {
  # Not `-w`: with it, ping sends until as many are answered as `-c` says, and hides what is lost.
  put "pair:$1" small "$(timeout 10 ping -n -q -c 5 -i 0.2 -W 1 "$2" 2>&1 | cut -c 1-400)"
  put "pair:$1" full "$(timeout 10 ping -n -q -c 2 -i 0.2 -W 1 -M do -s "$3" "$2" 2>&1 | cut -c 1-400)"
  ip -o neigh show to "$2" | while read -r _ _ nic word mac _; do
    [ "$word" = lladdr ] && row net neighbour "$2 $nic $mac"
  done
}

# Whether another machine answers for our address, where iputils' arping is there to ask.
read_duplicate() {
  arping -V 2>&1 | grep -q iputils || return 0
  nic=$(ip -o addr show | awk -v own="$1/" 'index($4, own) == 1 { print $2; exit }')
  [ -n "$nic" ] || return 0
  if timeout 5 arping -D -q -c 2 -w 2 -I "${nic%@*}" "$1"; then
    row net duplicate no
  elif [ $? = 1 ]; then
    row net duplicate yes
  fi
}
