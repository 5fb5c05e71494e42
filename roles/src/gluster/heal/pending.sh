# `pending BRICK...`: the ids of what these bricks note: files and folders whose other copies are behind, and those of which they
# never heard how a write ended.
pending() {
  for brick; do
    for entry in "$brick"/.glusterfs/indices/xattrop/* "$brick"/.glusterfs/indices/dirty/*; do
      case "${entry##*/}" in xattrop-* | dirty-* | '*') ;; *) echo "${entry##*/}" ;; esac
    done
  done | sort -u
}
