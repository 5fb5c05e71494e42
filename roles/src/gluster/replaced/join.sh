MARK=trusted.regionctl.replaced
volume_id() { sed -n 's/^volume-id=//p' "/var/lib/glusterd/vols/$1/info" 2>/dev/null | tr -d -; }
brick_id() { getfattr --absolute-names -e hex -n trusted.glusterfs.volume-id -- "$1" 2>/dev/null | sed -n 's/^trusted.glusterfs.volume-id=0x//p'; }
marked() { getfattr -n "$MARK" -- "$1" >/dev/null 2>&1; }

# `joined VOLUME PATH FOLDER`: true if the brick is the volume's, and not only half so.
joined() { [ -n "$(volume_id "$1")" ] && [ "$(volume_id "$1")" = "$(brick_id "$2")" ] && ! marked "$3"; }
