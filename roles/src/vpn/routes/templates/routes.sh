# Written by regionctl: the ways back to the users of the VPN, by the server that each part of their addresses belongs to.
each() {
{{each}}}
add() { [ -n "$(ip -4 route show exact "$1")" ] || ip -4 route add "$1" via "$2" 2>/dev/null || :; }
delete() { ip -4 route delete "$1" via "$2" 2>/dev/null || :; }
case $1 in
up)
  # A route goes with its interface, and whatever configures that brings back its own only: at every change, and every
  # minute, what is missing is added again.
  while :; do
    { echo; timeout 60 ip -4 monitor link address route || :; } | while read -r _; do each add; done
  done
  ;;
down) each delete ;;
esac
