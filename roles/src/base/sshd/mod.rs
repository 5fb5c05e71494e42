//! sshd takes keys and little else.

use regionctl_engine::want::{self, Want as _};

use crate::template::fill;
use crate::{Host, Wanted};

/// The first value that sshd reads is the one it takes, and Debian's sshd_config reads this folder first.
const FOLDER: &str = "/etc/ssh/sshd_config.d";
const CONFIG: &str = "/etc/ssh/sshd_config.d/10-regionctl.conf";

/// Run against the new file before it takes its place: a file that sshd does not like is never there to be read.
const CHECK: &str = r#"grep -qiE '^[[:space:]]*Include[[:space:]]+("?)/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config || {
  echo 'sshd_config does not include /etc/ssh/sshd_config.d/*.conf' >&2; exit 1
}
mkdir -p /run/sshd
/usr/sbin/sshd -t -f "$tmp""#;

/// A drop-in, then a reload: connections that are open stay, and both go back unless a new one comes through.
pub fn wants(host: &Host<'_>) -> Wanted {
    let sshd = &host.region.spec.base.sshd;
    if !sshd.harden {
        return Wanted::new();
    }
    let word = |yes: bool| if yes { "yes" } else { "no" };
    let values = [
        ("root", sshd.permit_root_login.as_str()),
        ("password", word(sshd.password_authentication)),
        ("tries", &sshd.max_auth_tries.to_string()),
        ("x11", word(sshd.x11_forwarding)),
        ("users", &users(host)),
    ];
    Wanted::new()
        .then(want::directory(FOLDER))
        .then(want::file(CONFIG, fill(include_str!("templates/sshd.conf"), &values)).param("check", CHECK).may_cut())
        .then(want::unit("ssh.service").active().config([CONFIG]).reload().may_cut())
}

/// The user of regionctl is always among those that may log in.
fn users(host: &Host<'_>) -> String {
    let users = &host.region.spec.base.sshd.allow_users;
    if users.is_empty() {
        return String::new();
    }
    let own = host.region.spec.ssh.user.as_str();
    let mut names: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    if !names.contains(&own) {
        names.push(own);
    }
    format!("AllowUsers {}\n", names.join(" "))
}
