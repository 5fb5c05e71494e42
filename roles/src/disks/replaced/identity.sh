# `identity DEVICE`: a name for what is on a device, which is another as soon as something else is there; nothing if it is blank.
identity() {
  found=$(wipefs --noheadings --output OFFSET,TYPE,UUID -- "$1" 2>/dev/null | tr -s ' ') || found=
  [ -z "$found" ] || printf '%s' "$found" | sha256sum | cut -c 1-12
}
