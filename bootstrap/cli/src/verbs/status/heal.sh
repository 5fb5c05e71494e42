command -v gluster >/dev/null || exit 0
for volume in $(timeout 20 gluster --mode=script volume list 2>/dev/null); do
  echo "Volume $volume"
  behind "$volume" 10 40 | awk '
    $2 == "=" { bricks[++n] = $1; status[$1] = substr($0, length($1) + 4) }
    $2 != "=" { files[$1]++ }
    / - Is in split-brain$/ { torn[$1]++ }
    END {
      for (i = 1; i <= n; i++) {
        brick = bricks[i]
        print "Brick " brick "\nStatus: " status[brick]
        if (status[brick] == "Connected") print "Total Number of entries: " files[brick] + 0
        print "Number of entries in split-brain: " torn[brick] + 0
      }
      exit !n
    }' || timeout 40 gluster --mode=script volume heal "$volume" info summary 2>&1 || :
done
