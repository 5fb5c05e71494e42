asked() { ping -q -M do -s "$@" >/dev/null 2>&1; }
# One lost packet is no broken way.
answers() { asked "$2" -c 1 -W 1 "$1" || asked "$2" -c 4 -i 0.3 -W 2 "$1"; }
# Prints of each other server `ADDRESS full`, `ADDRESS small` where only small packets come back, or `ADDRESS none`.
ask_others() {
  for other in {{others}}; do
    ( if answers "$other" {{payload}}; then came=full; elif answers "$other" 56; then came=small; else came=none; fi
      echo "$other $came" ) &
  done
  wait
}
