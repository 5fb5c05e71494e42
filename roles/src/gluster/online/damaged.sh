# `damaged BRICK`: true if files of a brick have lost their second name, below its `.glusterfs`, by which Gluster finds them: they
# are neither served nor healed any more. The first few are looked at, and one without it twice: it may be made just now.
# A file that somebody laid there never had one.
lone() {
  find "$1" -path "$1/.glusterfs" -prune -o -type f -printf '%n %p\n' 2>/dev/null | head -n 50 | sed -n 's/^1 //p' |
    while IFS= read -r file; do if getfattr -n trusted.gfid -- "$file" >/dev/null 2>&1; then echo "$file"; break; fi; done
}
damaged() {
  getfattr -n trusted.glusterfs.volume-id -- "$1" >/dev/null 2>&1 || return 1
  file=$(lone "$1")
  [ -n "$file" ] || return 1
  sleep 1
  [ "$(stat -c %h -- "$file" 2>/dev/null)" = 1 ]
}
