cd /var/lib/glusterd 2>/dev/null || exit 0
if [ -e glusterd.info.before ]; then mv -f glusterd.info.before glusterd.info; else rm -f glusterd.info; fi
rm -rf peers.regionctl glusterd.info.regionctl
if ls vols/*/info >/dev/null 2>&1; then exit 0; fi
rm -rf peers
