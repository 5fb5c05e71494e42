//! What the tools made, compared by a probe that belongs to none of them: all hosts must have become the same.

use std::collections::BTreeMap;

use regionctl_lab::Lab;

use crate::bench::error::BenchError;
use crate::bench::process;

const PROBE: &str = r#"
set -e
dpkg-query -W -f='${Package} ${Version} ${db:Status-Status}\n'
for path in /etc/bench.d /etc/bench.d/* /srv/bench /srv/bench/* /var/lib/bench /etc/sysctl.d/90-bench.conf /etc/logrotate.d/bench \
  /etc/profile.d/bench.sh /etc/systemd/system/bench.service /usr/local/bin/bench-report; do
  stat -c '%n %a %U %G %F' "$path"
  [ ! -f "$path" ] || sha256sum "$path"
done
getent passwd bench | cut -d: -f1,6,7
grep -c '^192.0.2.10 bench.internal$' /etc/hosts
for unit in bench chrony cron; do systemctl is-enabled $unit; systemctl is-active $unit; done
"#;

/// Fails unless all these hosts are alike.
pub async fn alike(lab: &Lab, hosts: &[String]) -> Result<(), BenchError> {
    let mut answers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for host in hosts {
        let argv = lab.ssh_command(host)?.arg(PROBE);
        answers.entry(process::run(&argv).await?.stdout).or_default().push(host);
    }
    let mut answers: Vec<_> = answers.into_iter().collect();
    let (Some((one, first)), Some((other, second))) = (answers.pop(), answers.pop()) else { return Ok(()) };
    let differs = one.lines().find(|line| !other.lines().any(|there| there == *line)).unwrap_or("less there");
    let what = format!("{} is not like {}: `{differs}`", first.join(", "), second.join(", "));
    Err(BenchError::NotDone { tool: "the probe", what })
}
