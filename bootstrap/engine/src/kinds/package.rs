//! Kind `package`: a Debian package. The name is the package's.
//!
//! Fields: `status` (`installed`), and `version` where a role pins it. Packages are installed in one transaction; going
//! back also removes the dependencies that came with them, and nothing that was on the host before.

use regionctl_plan::{Change, Fields, Resource, quote};

use super::words;
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Package;

impl Kind for Package {
    fn name(&self) -> &'static str {
        "package"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names = words(resources.iter().map(|r| &r.id.name));
        format!("dpkg-query -W -f='${{Package}}\\tdpkg\\t${{db:Status-Status}} ${{Version}}\\n' {names} 2>/dev/null || :\n")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let (status, version) = rows.get(&resource.id.name, "dpkg")?.split_once(' ')?;
        if status == "not-installed" || status == "config-files" {
            return None;
        }
        Some(Fields::from([("status".into(), status.into()), ("version".into(), version.into())]))
    }

    fn batches(&self) -> bool {
        true
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        ["/usr", "/etc", "/var/lib/dpkg"].map(str::to_owned).into()
    }

    fn apply(&self, changes: &[&Change]) -> String {
        let (wanted, gone): (Vec<&&Change>, Vec<&&Change>) = changes.iter().partition(|change| change.after().is_some());
        let mut script = format!("{APT_LOCKS}{APT}");
        if !wanted.is_empty() {
            let names = wanted.iter().map(|change: &&&Change| match change.resource.text("version") {
                Some(version) => quote(&format!("{}={version}", change.id().name)),
                None => quote(&change.id().name),
            });
            script += &format!("apt_install {}\n", names.collect::<Vec<_>>().join(" "));
        }
        if !gone.is_empty() {
            script += &format!("apt_remove {}\n", words(gone.iter().map(|change| &change.id().name)));
        }
        script
    }
}

/// `apt_lock_holder [LOCK…]` prints who holds a lock of apt or dpkg, as `NAME (process PID)`: nothing if nobody does. Inodes of other
/// file systems have the same numbers, so the holder must have the lock file open.
pub const APT_LOCKS: &str = r#"
apt_lock_holder() {
  [ "$#" -gt 0 ] || set -- /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock
  for _lock in "$@"; do
    _inode=$(stat -c %i -- "$_lock" 2>/dev/null) || continue
    for _pid in $(awk -v inode=":$_inode" 'substr($6, length($6) - length(inode) + 1) == inode && $5 > 0 { print $5 }' /proc/locks); do
      [ -n "$(find "/proc/$_pid/fd" -lname "$_lock" 2>/dev/null)" ] || continue
      printf '%s (process %s)\n' "$(cat "/proc/$_pid/comm" 2>/dev/null || echo something)" "$_pid"
      return
    done
  done
}
"#;

/// What was on the host before our first package is kept in `packages.before`, so that removing ours never takes along what was
/// there. `apt-unfinished` says that a transaction of ours is not over, and in which boot it began: one that was interrupted is
/// finished first, and what a power cut may have left half written is fetched again. Another apt that is at work is waited for.
const APT: &str = r#"
apt() { apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; }
# What is installed tells all that removing needs: without the lists of what could be, apt answers in a fiftieth of the time.
apt_of_installed() { apt -o Dir::State::lists=/nonexistent -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"; }
known_packages() { dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n '/^\(not-installed\|config-files\) /d; s/^[^ ]* //p' | sort -u; }
apt_alone() {
  _until=$(($(seconds) + 600))
  while _who=$(apt_lock_holder) && [ -n "$_who" ]; do
    [ "$(seconds)" -lt "$_until" ] || fail "waited 600 s for $_who, which holds a lock of apt"
    heed
    progress "waiting for $_who, which holds a lock of apt"
    sleep 1
  done
}
room() {
  _free=$(df -P -k -- "$1" | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$_free" -ge "$2" ] || fail "$1 has only $_free MiB free, and packages need $2 MiB: nothing was begun"
  # A file system without a fixed number of inodes counts none.
  _free=$(df -P -i -- "$1" | awk 'NR == 2 && $2 > 0 { print $4 }')
  [ "${_free:-$3}" -ge "$3" ] || fail "$1 has only $_free inodes free, and packages need $3: nothing was begun"
}
# A package with a part in the initial file system has it made anew, beside the one that is there.
room_for_initrd() {
  [ -x /usr/sbin/update-initramfs ] && mountpoint -q /boot || return 0
  _largest=$(find /boot -maxdepth 1 -name 'initrd.img-*' -printf '%s\n' | sort -n | tail -n 1)
  room /boot "$((${_largest:-0} / 1048576 + 16))" 16
}
dpkg_whole() { ! ls /var/lib/dpkg/updates/* >/dev/null 2>&1 && [ -z "$(dpkg --audit 2>/dev/null)" ]; }
mend() {
  dpkg_whole && return 0
  dpkg --configure -a --force-confdef --force-confold || :
  dpkg_whole || apt --fix-broken --no-remove install || { apt_lists; apt --fix-broken --no-remove install; }
}
begin() {
  apt_alone
  [ -e "$STATE/packages.before" ] || { known_packages >"$STATE/packages.before.new"; sync -- "$STATE/packages.before.new"; mv "$STATE/packages.before.new" "$STATE/packages.before"; }
  _boot=$(cat /proc/sys/kernel/random/boot_id)
  if [ -e "$STATE/apt-unfinished" ] && [ "$(cat "$STATE/apt-unfinished")" != "$_boot" ]; then
    apt-get clean
    rm -rf /var/lib/apt/lists/*_*
  fi
  printf '%s\n' "$_boot" >"$STATE/apt-unfinished"
  sync -- "$STATE/apt-unfinished" "$STATE/packages.before" "$STATE"
  mend
}
apt_lists() {
  if [ -e "$STATE/apt-lists-stale" ] || ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then apt_update; rm -f "$STATE/apt-lists-stale"; fi
}
apt_update() { apt_alone; apt update; }
enough_room() { room / 300 5000; room /var 300 5000; room_for_initrd; }
apt_install() {
  # What was begun is ended first: it may need no room, or give some back.
  if [ -e "$STATE/apt-unfinished" ]; then begin; enough_room; else enough_room; begin; fi
  apt_lists
  apt install --no-install-recommends --allow-downgrades "$@" || { apt_update; apt install --no-install-recommends --allow-downgrades "$@"; }
  rm -f "$STATE/apt-unfinished"
}
# apt knows only those that dpkg or its lists have, and for one that it does not know it removes none.
known_to_dpkg() { dpkg-query -W -f='${db:Status-Status} ${binary:Package}\n' -- "$@" 2>/dev/null | sed -n '/^not-installed /d; s/^[^ ]* //p'; }
# What goes together with these: who needs them, and who nobody needs then. Not who was there before our first package.
going() {
  apt_of_installed -s -o APT::Autoremove::RecommendsImportant=false -o APT::Autoremove::SuggestsImportant=false autoremove "$@" |
    sed -n 's/^Remv \([^ ]*\).*/\1/p' | sort -u | comm -23 - "$STATE/packages.before"
}
# A service may go on running without its package, and nothing would know it any more.
purge() {
  [ "$#" -gt 0 ] || return 0
  _units=$(dpkg-query -L "$@" 2>/dev/null | sed -n 's#^\(/usr\)\{0,1\}/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\|path\)\)$#\2#p' | sort -u)
  apt_of_installed purge "$@"
  [ -z "$_units" ] || systemctl daemon-reload
  for _unit in $_units; do
    [ "$(systemctl show -p LoadState --value -- "$_unit")" = not-found ] || continue
    systemctl stop -- "$_unit" 2>/dev/null || :
    systemctl reset-failed -- "$_unit" 2>/dev/null || :
  done
}
apt_remove() {
  begin
  set -- $(known_to_dpkg "$@")
  purge $({ printf '%s\n' "$@"; going "$@"; } | sort -u)
  rm -f "$STATE/apt-unfinished"
}
"#;
