//! unbound itself reads the configuration of every case.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::process::Command;

use regionctl_engine::Wants;

use super::{cases, facts};
use crate::Roles;
use crate::network::dns::CONFIG;

/// The configurations of all servers of all cases of the role.
fn configurations() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (_, path, case) in cases::all().into_iter().filter(|(role, ..)| *role == "network/dns") {
        let region = case.region(&path);
        let roles = Roles::of(region.clone()).unwrap();
        for server in region.servers() {
            let wanted = roles.wanted("network", server.name.as_str(), &facts(case.debian, case.container));
            all.extend(wanted.iter().filter(|r| r.id.name == CONFIG).map(|r| r.text("content").unwrap().to_owned()));
        }
    }
    all
}

#[test]
fn unbound_takes_every_configuration() {
    let configurations = configurations();
    assert!(configurations.len() > 4);
    let file = std::env::temp_dir().join(format!("regionctl-unbound-{}.conf", std::process::id()));
    for text in configurations {
        std::fs::write(&file, &text).unwrap();
        // An ordinary user's path leaves out the folders of root.
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
        let output = match Command::new("unbound-checkconf").arg(&file).env("PATH", path).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("skipped: there is no `unbound-checkconf` on this machine");
                break;
            }
            output => output.unwrap(),
        };
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::remove_file(&file).unwrap();
}
