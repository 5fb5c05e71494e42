//! What other tools say of a host: never our own observe. Keys and ids are left out, since they differ from one region to the next.

use std::collections::BTreeMap;

use crate::properties::{STATE, same};
use crate::region::Failed;

/// What was seen, by host.
pub type Looks = BTreeMap<String, String>;

/// Beside [`STATE`]: units, the packet filter without its counters, addresses, Gluster's processes, and what bears our name.
///
/// Units that come and go by themselves (sessions, daemons that a bus call starts, a boot's own steps) say nothing of a region. A
/// rule of the packet filter has its place, and what the keys of the VPN and of Gluster are for is tried.
const MORE: &str = r#"
systemctl list-units --all --plain --no-legend --no-pager --state=failed | awk '{print "failed", $1}'
systemctl list-unit-files --no-legend --no-pager --state=enabled,masked,linked | awk '{print "enabled", $1, $2}'
systemctl list-units --plain --no-legend --no-pager --state=active --type=service,socket,timer,path,mount,automount |
  awk '$4 != "exited" || $1 ~ /^regionctl-/ {print "active", $1, $4}' |
  grep -Ev ' (user@|user-runtime-dir@|session-|run-|dev-|proc-|sys-|systemd-(hostnamed|localed|timedated|tmpfiles-clean|fsckd?)[.@]|regionctl-lab-|apt-daily(-upgrade)?[.]service|dpkg-db-backup[.]service)' || :
if command -v nft >/dev/null; then
  nft -s list ruleset | awk '/^table/ { table = $2 " " $3; part = ""; n = 0 } /^\t[a-z]/ { part = $2; n = 0 } { print "filter", table, part, ++n, $0 }'
fi
for cert in /etc/openvpn/server/*.crt; do
  [ -e "$cert" ] || continue
  cn=$(openssl x509 -in "$cert" -noout -subject -nameopt multiline | sed -n 's/ *commonName *= //p')
  for ca in /etc/openvpn/server/*ca.crt; do openssl verify -CAfile "$ca" "$cert" >/dev/null 2>&1 && echo "certificate $cert $cn ${ca##*/}"; done
done
for gluster in /etc/ssl/glusterfs /usr/lib/ssl/glusterfs; do
  [ -e "$gluster.pem" ] || continue
  ! openssl verify -CAfile "$gluster.ca" "$gluster.pem" >/dev/null 2>&1 || echo "certificate $(openssl x509 -in "$gluster.pem" -noout -subject) of $gluster.ca"
  [ "$(openssl x509 -in "$gluster.pem" -noout -pubkey)" != "$(openssl pkey -in "$gluster.key" -pubout)" ] || echo "key $gluster.key"
done
ip -o address | awk '{print "address", $2, $4}' | grep -v ' fe80:' || :
ip route | sed 's/^/route /'
# The servers are asked at once, and a transaction of one keeps those of the others out for a moment.
answered() {
  for try in $(seq 60); do
    if said=$(timeout 60 "$@" 2>/dev/null); then printf '%s\n' "$said"; return; fi
    sleep 0.5
  done
  echo "$* is not answered"
}
if command -v gluster >/dev/null && systemctl is-active -q glusterd; then
  for volume in $(answered gluster volume list); do
    answered gluster volume status "$volume" detail | awk -F ' *: *' '/^(Brick|Online)|not answered/ {print "brick", $1, $2, $3}'
    answered gluster volume heal "$volume" info summary |
      awk '/^(Brick|Status|Total|Number of entries in split)|not answered/ {print "heal", $0}'
  done
fi
find /etc /usr/local /var /root -xdev -name '*regionctl*' -prune -printf 'ours %p\n' | sort
[ -e /var/lib/regionctl ] || ! [ -e /run/regionctl ] || echo 'ours /run/regionctl'
"#;

/// The script that looks at a host.
pub fn script() -> String {
    format!("{STATE}{MORE}")
}

/// What is a key or an id, or follows from one: its name stays, its content does not count.
const OWN: [&str; 4] = ["/etc/ssh/ssh_host_", "/etc/machine-id", "/etc/openvpn/server/region-", "/etc/ssl/glusterfs."];

/// What is seen, without what differs from one region to the next.
pub fn without_own(seen: &str) -> String {
    let lines = seen.lines().map(|line| match line.split_once("  ") {
        Some((_, path)) if OWN.iter().any(|own| path.starts_with(own)) => path,
        // A key that somebody may log in with: what it is, and whose.
        _ if line.starts_with("ssh-") => line.split_once(' ').map_or(line, |(kind, _)| kind),
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Compares what is seen with what is wanted, host by host.
///
/// # Errors
/// What differs on each host.
pub fn compare(wanted: &Looks, seen: &Looks, when: &str) -> Result<(), Failed> {
    let nothing = String::new();
    let differs = |host: &String, wanted| same(wanted, seen.get(host).unwrap_or(&nothing), &format!("{host} {when}:")).err();
    let differences: Vec<_> = wanted.iter().filter_map(|(host, wanted)| differs(host, wanted)).collect();
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out_and_nothing_else() {
        let seen = "-rw------- 0 0 0 /etc/ssh/ssh_host_rsa_key\nssh-ed25519 AAAA lab\nabc  /etc/ssh/ssh_host_rsa_key\nabc  /etc/ssh/sshd_config";
        assert_eq!(
            without_own(seen),
            "-rw------- 0 0 0 /etc/ssh/ssh_host_rsa_key\nssh-ed25519\n/etc/ssh/ssh_host_rsa_key\nabc  /etc/ssh/sshd_config"
        );
    }

    #[test]
    fn a_host_that_was_not_seen_differs() {
        let wanted = Looks::from([("one".to_owned(), "a\nb".to_owned())]);
        assert!(compare(&wanted, &wanted, "now").is_ok());
        assert!(compare(&wanted, &Looks::new(), "now").is_err());
    }
}
