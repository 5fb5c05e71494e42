# A volume that runs without TLS would be lost to whoever has it mounted.
for info in /var/lib/glusterd/vols/*/info; do
  if grep -qsx 'status=1' -- "$info" && ! grep -qs '^server[.]ssl=' -- "$info"; then
    volume=${info%/info}
    volume=${volume##*/}
    echo "the volume $volume runs without TLS, and cannot change over while it is in use: unmount it everywhere, run 'gluster volume stop $volume', then install" >&2
    exit 1
  fi
done
