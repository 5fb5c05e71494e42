VOLUMES=/var/lib/glusterd/vols

# `bricks_of VOLUME`: its bricks as Gluster names them, one a line.
bricks_of() {
  for file in "$VOLUMES/$1"/bricks/*; do
    awk -F = '$1 == "hostname" { host = $2 } $1 == "path" { path = $2 } END { print host ":" path }' "$file"
  done
}

# `bricks_away VOLUME`: those that are not served, in one line. It fails with what Gluster said if it does not tell.
bricks_away() {
  timeout -k 5 30 gluster --mode=script volume status "$1" --xml 2>/dev/null | awk -F '[<>]' -v bricks="$(bricks_of "$1" | tr '\n' ' ')" '
    BEGIN { n = split(bricks, list, " "); for (i = 1; i <= n; i++) away[list[i]] = 1; said = "glusterd does not answer" }
    $2 == "opRet" { told = $3 == 0 }
    $2 == "opErrstr" && $3 != "" { said = $3 }
    $2 == "hostname" { host = $3 }
    $2 == "path" { path = $3 }
    $2 == "status" && $3 == 1 { delete away[host ":" path] }
    END {
      if (!told) { print said; exit 1 }
      for (i = 1; i <= n; i++) if (list[i] in away) { printf "%s%s", gap, list[i]; gap = " " }
    }'
}
