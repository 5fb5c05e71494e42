# Written by regionctl: the server's place on the vrack. `up` makes it; `down` takes away what `up` made.
before=/run/regionctl-vrack/before
case $1 in
up)
  set -eu
{{free}}  printf '%s %s\n' "$(cat /sys/class/net/{{card}}/mtu)" "$(ip -4 -o address show to {{address}} dev {{top}} 2>/dev/null | wc -l)" >"$before"
  ip link set {{card}} mtu {{mtu}} up
{{make}}  ip address replace {{address}} dev {{top}}
  ;;
down)
  [ -e "$before" ] || exit 0
  read -r mtu had <"$before"
  [ "$had" != 0 ] || ip address delete {{address}} dev {{top}}
{{unmake}}  ip link set {{card}} mtu "$mtu"
  rm -f "$before"
  ;;
esac
