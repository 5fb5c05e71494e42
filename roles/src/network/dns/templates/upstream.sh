from=/etc/resolv.conf
# Behind the address of systemd-resolved are the resolvers of this file.
if grep -qE '^nameserver[[:space:]]+127\.0\.0\.5[34]' "$from" 2>/dev/null; then from=/run/systemd/resolve/resolv.conf; fi
found=
if [ -f "$from" ]; then
  # Not this server, not a server of the region, not an address that holds on one link only.
  found=$(awk -v own="{{own}}" '
    BEGIN { n = split(own, a, " "); for (i = 1; i <= n; i++) skip[a[i]] = 1 }
    $1 == "nameserver" && $2 !~ /^127\./ && $2 != "::1" && $2 !~ /%/ && !($2 in skip) { print "    forward-addr: " $2 }
  ' "$from")
fi
{
  echo '# Written by regionctl: the resolvers that the server had before.'
  if [ -n "$found" ]; then printf 'forward-zone:\n    name: "."\n%s\n' "$found"; fi
} >{{kept}}.regionctl
mv -fT -- {{kept}}.regionctl {{kept}}
