#!/usr/bin/env bash
# A four-server region on this machine, and the proof that it works. Usage: tests/demo.sh REGIONCTL
# Ends with one summary line and leaves the lab up.
set -euo pipefail
cd "$(dirname "$0")/.."
regionctl=$(realpath "$1")
folder=$(realpath -m target/demo)
region=$folder/region.yaml
mkdir -p "$folder"
cp inventory/examples/lab.yaml "$region"
started=$SECONDS

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '\033[2m$ regionctl %s\033[0m\n' "$*"; "$regionctl" -f "$region" "$@"; }
on() { "$regionctl" -f "$region" lab exec --host "$1" -- "${@:2}"; }

step "the lab: the servers of $region as real hosts"
run lab up
lab_up=$((SECONDS - started))

step "keys that open the region's secrets: the operator's, and one for the safe"
for name in operator safe; do
  [ -e "$folder/$name" ] || ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$folder/$name"
done
export REGIONCTL_IDENTITY=$folder/operator
for name in operator safe; do run --lab secrets recipients add "$(<"$folder/$name.pub")"; done

step "preflight: what would stand in the way"
run --lab preflight

step "plan: what will change"
run --lab plan --out "$folder/first.plan" | tail -n 40

step "install: just that plan"
installing=$SECONDS
run --lab install --plan "$folder/first.plan" --yes
installed=$((SECONDS - installing))

step "status: what the hosts say now"
run --lab status

step "a second plan: nothing to do"
run --lab plan --exit-code

step "a file written on one server is read on another"
word="written on compute-1 at $(date +%T)"
on compute-1 sh -c 'printf "%s\n" "$1" >/srv/data/demo.txt && sync' sh "$word"
read_back=$(on compute-2 cat /srv/data/demo.txt)
[ "$read_back" = "$word" ] || { echo "compute-2 reads: $read_back" >&2; exit 1; }
echo "compute-2 reads: $read_back"

cat <<EOT

The lab stays up. Look around, then take it down:
  $regionctl -f $region --lab status
  $regionctl -f $region lab exec --host storage-1 -- gluster volume status
  $regionctl -f $region lab cut storage-1 && $regionctl -f $region lab heal storage-1
  $regionctl -f $region --lab reset
  $regionctl -f $region lab down

demo: 4 servers, lab up in ${lab_up} s, region installed in ${installed} s, second plan empty, file replicated: ok
EOT
