# Packages and where they come from.

# Fetches the index of every configured source into a folder of its own, at most 10 s each and all at once.
read_sources() {
  if ! folder=$(mktemp -d 2>/dev/null); then
    row system tmp-writable no
    return
  fi
  trap 'rm -rf "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  row system tmp-writable yes
  chmod 0755 "$folder"
  mkdir "$folder/done"
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  # Only that there is one: its URL may hold a password.
  [ -n "${proxy:-}" ] && row apt proxy yes
  # An empty cache path keeps apt from writing its cache. Targets are known of what was fetched once, addresses of the rest.
  {
    apt-get indextargets -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --format '$(RELEASE) $(REPO_URI)'
    apt-get update --print-uris 2>/dev/null | sed -n "s#^'\\(.*/\\)dists/\\(.*\\)/InRelease'.*#\\2 \\1#p"
  } | sort -u >"$folder/sources"
  while read -r release uri; do
    read_source "$folder" "$uri" "$release" &
  done <"$folder/sources"
  sed -n 's#^[^ ]* https\{0,1\}://\([^@/]*@\)\{0,1\}\([^:/]*\).*#\2#p' "$folder/sources" | sort -u >"$folder/names"
  while read -r name; do
    read_name "$name" &
  done <"$folder/names"
  wait
}

# What a negative priority keeps away, by package. apt reads the files of this folder that have no suffix, or this one.
read_pins() {
  for file in /etc/apt/preferences /etc/apt/preferences.d/*; do
    case ${file##*/} in *.pref | preferences) ;; *.*) continue ;; esac
    [ -f "$file" ] && awk -v RS= -v file="$file" '{
      names = ""; away = 0; n = split($0, lines, "\n")
      for (i = 1; i <= n; i++) {
        line = lines[i]
        if (tolower(line) ~ /^package:/) { sub(/^[^:]*:[ \t]*/, "", line); names = line }
        if (tolower(line) ~ /^pin-priority:[ \t]*-/) away = 1
      }
      if (away && names != "") print file ": " names
    }' "$file"
  done | while read -r line; do row apt pinned "$line"; done
}

# Passwords in URLs are not shown.
masked() { sed 's#//[^/@ ]*@#//#g'; }

read_source() {
  shown=$(printf %s "$2 $3" | masked)
  case $3 in
    */) index=$2$3 ;;
    *) index=${2}dists/$3/ ;;
  esac
  case $2 in
    cdrom:*) row "source:$shown" error 'a CD-ROM'; return ;;
  esac
  copy=$1/done/$(printf %s "$index" | sha256sum | cut -c 1-16)
  mkdir "$copy"
  # apt downloads as this user where it can.
  chown _apt "$copy"
  for file in InRelease Release; do
    if said=$(timeout 10 /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=8 -o Acquire::https::Timeout=8 \
      download-file "$index$file" "$copy/$file" 2>&1); then
      row "source:$shown" fetched yes
      return
    elif [ $? = 124 ]; then
      row "source:$shown" error 'no answer within 10 s'
      return
    fi
  done
  said=$(printf '%s\n' "$said" | grep '^E:' | head -n 1 | masked | cut -c 1-300)
  put "source:$shown" error "${said:-its index cannot be fetched}"
}

read_lock_holders() {
  row apt lock-holder "$(apt_lock_holder)"
  row apt dpkg-holder "$(apt_lock_holder /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock)"
}

read_packages() {
  # What our own run is at, or was stopped in: it ends that by itself.
  if [ -e "$STATE/apt-unfinished" ]; then
    row apt ours 'a run that was stopped'
    for unit in /run/systemd/transient/regionctl-*.service; do
      [ -e "$unit" ] && systemctl is-active --quiet "${unit##*/}" && row apt ours "${unit##*/}"
    done
  fi
  read_pins
  # Asked twice: it may end while the rest is looked at.
  read_lock_holders
  put apt audit "$(dpkg --audit 2>&1 | head -n 5 | cut -c 1-200)"
  dpkg --get-selections | awk '$2 == "hold" { print $1 }' | while read -r package; do row apt held "$package"; done
  read_lock_holders
  # Of what is installed, and not of the lists of what could be, which take seconds to read and are fetched anew.
  if ! said=$(timeout 20 apt-get check -qq -o Debug::NoLocking=1 -o Dir::State::lists=/nonexistent -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= 2>&1); then
    put apt check-error "$(printf '%s\n' "${said:-no answer within 20 s}" | tail -n 3 | cut -c 1-200)"
  fi
}
