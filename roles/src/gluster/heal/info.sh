# `heal_info VOLUME SECONDS`: the files that are to be healed, by brick. Gluster looks at each of them.
heal_info() { timeout -k 5 "$2" gluster --mode=script volume heal "$1" info 2>/dev/null; }

# True if every brick answers and has nothing to heal: a brick also notes what is only just being written.
nothing_to_heal() {
  heal_info "$1" 20 | awk '/^Brick / { n++ } /^Status: Connected$/ { n1++ } /^Number of entries: 0$/ { n2++ } END { exit !(n && n == n1 && n == n2) }'
}
