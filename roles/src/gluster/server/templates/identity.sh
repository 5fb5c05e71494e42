cd /var/lib/glusterd
rm -rf peers.regionctl
mkdir -m 0755 peers.regionctl
printf '%s' {{others}} | while read -r id name; do
  printf 'uuid=%s\nstate=3\nhostname1=%s\n' "$id" "$name" >"peers.regionctl/$id"
done
[ ! -e glusterd.info ] || [ -e glusterd.info.before ] || cp -a glusterd.info glusterd.info.before
printf 'UUID=%s\noperating-version=%s\n' {{own}} {{version}} >glusterd.info.regionctl
chmod 0600 glusterd.info.regionctl peers.regionctl/* 2>/dev/null || :
runs=$(systemctl is-active glusterd 2>/dev/null) || :
[ "$runs" != active ] || systemctl stop glusterd
sync -- glusterd.info.regionctl
mv -f glusterd.info.regionctl glusterd.info
[ ! -d peers ] || rmdir peers
mv -T peers.regionctl peers
[ "$runs" != active ] || systemctl start glusterd
