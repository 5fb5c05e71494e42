//! Shell for kinds that make something on a device or a file: nothing may be on it that somebody needs.

/// `must_be_blank PATH TYPE [FOLDER]` fails unless nothing is there, or already what is to be made, as `blkid` calls it. What is mounted
/// at the folder goes before, such as the file system of a disk that failed and has been exchanged.
pub const BLANK: &str = r#"
must_be_blank() {
  [ -e "$1" ] || fail "$1 does not exist"
  _found=$(blkid -p -o value -s TYPE -- "$1") && _code=0 || _code=$?
  if [ "$_code" != 0 ] && [ "$_code" != 2 ]; then fail "$1 holds the signs of several file systems"; fi
  [ "$_found" != "$2" ] || return 0
  [ -z "$_found" ] || fail "$1 holds $_found, which is not overwritten"
  [ -z "$(blkid -p -o value -s PTTYPE -- "$1")" ] || fail "$1 has a partition table"
  [ -b "$1" ] || return 0
  _number=$(stat -Lc %Hr:%Lr -- "$1")
  awk -v number="$_number" -v goes="${3:-}" '$3 == number && $5 != goes { found = 1 } END { exit found }' /proc/self/mountinfo || fail "$1 is mounted"
  for _user in "/sys/dev/block/$_number/holders/"* "/sys/dev/block/$_number/"*/partition; do
    [ ! -e "$_user" ] || fail "$1 is used by $_user"
  done
}
"#;

/// `wipe DEVICE` takes away every sign of what is on it. The keys of LUKS are in its first 16 MiB: whoever has an old passphrase
/// must find none.
pub const WIPE: &str = r#"
wipe() {
  [ "$(blkid -p -o value -s TYPE -- "$1" || :)" != crypto_LUKS ] || dd if=/dev/zero of="$1" bs=1M count=16 conv=notrunc status=none
  wipefs -q -a -- "$1"
  sync -- "$1"
  blockdev --rereadpt "$1" 2>/dev/null || :
}
"#;
