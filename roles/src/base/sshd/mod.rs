//! sshd takes keys and little else.

use regionctl_engine::want::{self, Condition, Want as _};
use regionctl_plan::{Resource, quote};

use crate::template::fill;
use crate::{Host, Wanted};

/// The first value that sshd reads is the one it takes, and Debian's sshd_config reads this folder first.
const FOLDER: &str = "/etc/ssh/sshd_config.d";
const CONFIG: &str = "/etc/ssh/sshd_config.d/10-regionctl.conf";

/// Run against the new file before it takes its place: a file that sshd does not like is never there to be read.
const CHECK: &str = r#"mkdir -p /run/sshd
/usr/sbin/sshd -t -f "$tmp""#;

const INCLUDED: &str = r#"grep -qiE '^[[:space:]]*Include[[:space:]]+"?/etc/ssh/sshd_config\.d/\*\.conf' /etc/ssh/sshd_config"#;

/// Of `keyword value|…` in `$1`, all in lower case, nobody says something else before our file: not sshd_config before it includes the
/// folder, and no file of the folder with an earlier name. What stands under a `Match` is for some connections only.
const FIRST: &str = r#"cd /etc/ssh
{
  sed '/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]]/,$d' sshd_config
  for file in $(printf '%s\n' sshd_config.d/*.conf sshd_config.d/10-regionctl.conf | sort -u); do
    [ "$file" != sshd_config.d/10-regionctl.conf ] || break
    [ ! -f "$file" ] || { echo EndOfFile; cat "$file"; }
  done
} | awk -v ours="$1" '
  BEGIN { n = split(ours, lines, "|"); for (i = 1; i <= n; i++) { split(lines[i], word, " "); wanted[word[1]] = word[2] } }
  { gsub(/[="]/, " "); key = tolower($1); value = tolower($2) }
  value == "without-password" { value = "prohibit-password" }
  key == "endoffile" { some = 0 }
  key == "match" { some = 1 }
  !some && (key in wanted) && wanted[key] != value { exit 1 }
'"#;

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
    let config = fill(include_str!("templates/sshd.conf"), &values);
    Wanted::new()
        .then_all(heard(&config))
        .then(want::directory(FOLDER))
        .then(want::file(CONFIG, config).param("check", CHECK).may_cut())
        .then(want::unit("ssh.service").active().config([CONFIG]).reload().may_cut())
}

/// What must be so for sshd to take our settings.
fn heard(config: &str) -> [Resource; 2] {
    let included = Condition {
        name: "sshd reads the folder of our settings",
        check: INCLUDED,
        finding: "sshd-include",
        message: "`/etc/ssh/sshd_config` does not include `/etc/ssh/sshd_config.d/*.conf`, where the settings of sshd would be",
        hint: "write `Include /etc/ssh/sshd_config.d/*.conf` as its first line, as Debian has it; `spec.base.sshd.harden: false` leaves \
               sshd as it is",
    };
    // Who may log in is a list to which every file adds.
    let lines = config.to_ascii_lowercase();
    let ours = lines.lines().filter(|line| !line.starts_with('#') && !line.starts_with("allowusers"));
    let ours = ours.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("|");
    let first = Condition {
        name: "sshd takes our settings before those of others",
        check: &format!("set -- {}\n{FIRST}", quote(&ours)),
        finding: "sshd-overridden",
        message: "a setting of sshd is another before our file is read: sshd takes the first value that it reads",
        hint: "look at `/etc/ssh/sshd_config` above its `Include`, and at `/etc/ssh/sshd_config.d` for files with earlier names than \
               `10-regionctl.conf`; take it out there, or write the same into `spec.base.sshd`",
    };
    [included, first].map(|condition| want::condition(&condition))
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Whether our settings are first, where sshd_config and the files of its folder say this.
    fn is_first(main: &str, files: &[(&str, &str)]) -> bool {
        let etc = tempfile::tempdir().unwrap();
        std::fs::create_dir(etc.path().join("sshd_config.d")).unwrap();
        std::fs::write(etc.path().join("sshd_config"), main).unwrap();
        for (name, text) in files {
            std::fs::write(etc.path().join("sshd_config.d").join(name), text).unwrap();
        }
        let script = FIRST.replacen("/etc/ssh", &etc.path().display().to_string(), 1);
        let ours = "permitrootlogin prohibit-password|passwordauthentication no|maxauthtries 6";
        Command::new("sh").args(["-euc", &script, "sh", ours]).status().unwrap().success()
    }

    /// sshd_config(5): "Unless noted otherwise, for each keyword, the first obtained value will be used."
    #[test]
    fn what_sshd_reads_first_is_what_it_takes() {
        let include = "Include /etc/ssh/sshd_config.d/*.conf\n";
        let good = |main: &str, files: &[(&str, &str)]| assert!(is_first(main, files), "{main} {files:?}");
        let bad = |main: &str, files: &[(&str, &str)]| assert!(!is_first(main, files), "{main} {files:?}");
        good(include, &[]);
        good(&format!("{include}PasswordAuthentication yes\n"), &[]);
        good(&format!("PermitRootLogin without-password\n{include}"), &[]);
        good(&format!("# PasswordAuthentication yes\nPort 22\n{include}"), &[]);
        good(include, &[("50-cloud-init.conf", "PasswordAuthentication yes\n")]);
        good(include, &[("00-site.conf", "Match User git\n  PasswordAuthentication yes\n")]);
        bad(&format!("PasswordAuthentication yes\n{include}"), &[]);
        bad(include, &[("00-site.conf", "passwordauthentication=yes\n")]);
        bad(include, &[("00-a.conf", "Match User git\n"), ("01-b.conf", "MaxAuthTries \"2\"\n")]);
    }
}
