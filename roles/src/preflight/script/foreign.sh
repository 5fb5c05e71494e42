# What others run or left here.

read_foreign() {
  for unit in docker containerd podman crio k3s k3s-agent rke2-server rke2-agent kubelet glusterd pveproxy \
    ufw firewalld puppet salt-minion chef-client cfengine3; do
    running "$unit" && row foreign unit "$unit"
  done
  # cloud-init reads this file before anything else; a resolv.conf that is no link is left alone by resolvconf and systemd-resolved.
  [ ! -x /usr/bin/cloud-init ] || [ -e /etc/cloud/cloud-init.disabled ] || row foreign writer cloud-init
  running NetworkManager && row foreign writer NetworkManager
  case $(readlink /etc/resolv.conf) in
    *resolvconf/run/*) row foreign writer resolvconf ;;
    *systemd/resolve/*) row foreign writer systemd-resolved ;;
  esac
  ss -Hltnp | while read -r _ _ _ address _ process; do
    process=${process#*\"}
    case $process in *\"*) process=${process%%\"*} ;; *) process='?' ;; esac
    row "port:${address##*:}" process "$process"
  done
  nft list ruleset | awk '
    /^table / { table = $2 " " $3 }
    /policy drop|[ \t](drop|reject)([ \t;]|$)/ { if (!(table in seen)) { seen[table] = 1; print table } }
  ' | while read -r table; do row foreign dropping-table "$table"; done
  while read -r table; do row foreign legacy-table "$table"; done </proc/net/ip_tables_names
  for peer in /var/lib/glusterd/peers/*; do
    [ -f "$peer" ] && sed -n 's/^hostname[0-9]*=//p' "$peer"
  done | while read -r name; do row foreign gluster-peer "$name"; done
  for volume in /var/lib/glusterd/vols/*/; do
    [ -d "$volume" ] || continue
    volume=${volume%/}
    row foreign gluster-volume "${volume##*/}"
  done
  for file in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/*.yaml /var/lib/etcd/member \
    /etc/rancher/k3s /etc/rancher/rke2; do
    [ -e "$file" ] && row foreign kubernetes-file "$file"
  done
  for file in /usr/bin/pveversion /etc/pve/corosync.conf; do
    [ -e "$file" ] && row foreign proxmox-file "$file"
  done
}
