command -v ping >/dev/null || { echo 'there is no ping: apt-get install iputils-ping'; exit 1; }
asked() { ping -q -M do -s "$@" >/dev/null 2>&1; }
# One lost packet is no broken way.
answers() { asked "$2" -c 1 -W 1 "$1" || asked "$2" -c 4 -i 0.3 -W 2 "$1"; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
for other in {{others}}; do
  ( if answers "$other" {{payload}}; then : >"$folder/good.$other"; elif answers "$other" 56; then : >"$folder/small.$other"; fi ) &
done
wait
small=$(cd "$folder" && for name in small.*; do [ ! -e "$name" ] || printf ' %s' "${name#small.}"; done)
[ -z "$small" ] || { echo "small packets arrive and those of the vrack's size do not, at:$small"; exit 1; }
# A server that is down must not keep the others from their work.
ls "$folder"/good.* >/dev/null 2>&1 || { echo 'no other server answers over the vrack: is it the right network card, VLAN and cable?'; exit 1; }
