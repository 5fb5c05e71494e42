#!/bin/sh
# The power supply of a lab host: ends when the host is off, boots it again when it reboots.
# It runs in the host's network namespace and in a mount namespace of its own, which takes its mounts along when it ends.
set -eu
unit=@UNIT@

# systemd-nspawn keeps notes in /run: they must not outlive a host that is killed.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o mode=755 tmpfs /run/systemd/nspawn
# This /sys shows the machine's interfaces, not ours; read-only, systemd-nspawn does not look for its NICs there.
mount -o bind,remount,ro /sys
@MOUNT@

# One cgroup per host and hierarchy: two hosts in one would stop each other's services.
# `wait` holds this script, `boot` the container: a cgroup with both processes and children cannot be delegated.
bases=
if [ -d /run/systemd/system ]; then
    while IFS=: read -r id controllers path; do
        [ "$id" = 0 ] && bases="/sys/fs/cgroup$path"
    done </proc/self/cgroup
else
    while read -r device point kind rest; do
        case $kind in cgroup | cgroup2) bases="$bases $point/$unit" ;; esac
    done </proc/self/mounts
fi
prepare() {
    mkdir -p "$1"
    if [ -e "$1/cpuset.cpus" ] && [ ! -e "$1/cgroup.controllers" ]; then
        cat "${1%/*}/cpuset.cpus" >"$1/cpuset.cpus"
        cat "${1%/*}/cpuset.mems" >"$1/cpuset.mems"
    fi
}
for base in $bases; do
    prepare "$base"
    prepare "$base/wait"
    echo $$ >"$base/wait/cgroup.procs"
    [ ! -e "$base/cgroup.subtree_control" ] || for controller in $(cat "$base/cgroup.controllers"); do
        echo "+$controller" >"$base/cgroup.subtree_control" || true
    done
done

# Network settings only: the other keys of /proc/sys are the machine's.
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
while :; do
    for base in $bases; do
        [ ! -d "$base/boot" ] || find "$base/boot" -depth -type d -exec rmdir {} + 2>/dev/null || true
        prepare "$base/boot"
    done
    code=0
    (
        for base in $bases; do
            # `$$` is the script; a subshell's own id is the parent of what it starts.
            sh -c 'echo $PPID' >"$base/boot/cgroup.procs"
        done
        exec @NSPAWN@
    ) || code=$?
    # What systemd-nspawn says when the host asked for a reboot.
    [ "$code" = 133 ] || exit "$code"
done
