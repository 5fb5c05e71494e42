# `heal_info VOLUME SECONDS`: the files that are to be healed, by brick. Gluster looks at each of them.
heal_info() { timeout -k 5 "$2" gluster --mode=script volume heal "$1" info 2>/dev/null; }

# `BRICK = STATUS` of each brick, and `BRICK FILE` for each file that it names; nothing if Gluster did not come to its end.
look_at_files() {
  info=$(heal_info "$1" "$2") || return 0
  printf '%s\n' "$info" | awk '
    /^Brick / { brick = $2 }
    /^Status: / { status = substr($0, 9) }
    /^[\/<]/ { sub(/ *$/, ""); sub(/ - Possibly undergoing heal$/, ""); if (!seen[brick, $0]++) print brick, $0 }
    /^Number of entries: / { print brick, "= " status }'
}

# `behind VOLUME LOOKS SECONDS`: the same, with the files that were named at each of so many looks. Gluster names what is only
# just being written, too: a file that a client writes all the time at three of ten looks.
behind() {
  named=$(look_at_files "$1" "$3" | sort)
  look=1 end=$(($(date +%s) + 10))
  while [ "$look" -lt "$2" ] && [ "$(date +%s)" -lt "$end" ] && printf '%s\n' "$named" | grep -q '^[^ ]* [/<]'; do
    look=$((look + 1))
    named=$({ printf '%s\n' "$named"; look_at_files "$1" "$3"; } | sort | uniq -d)
  done
  printf '%s\n' "$named"
}

# `nothing_to_heal VOLUME LOOKS`: true if every brick answers and has nothing to heal.
nothing_to_heal() {
  said=$(behind "$1" "$2" 20)
  [ -n "$said" ] && ! printf '%s\n' "$said" | grep -qv '^[^ ]* = Connected$'
}
