//! The way in, and what a script finds there.

use super::super::check::{Said, when};
use super::super::host::{Host, Hosts};

pub(super) fn host_answers(hosts: &Hosts<'_>) -> Vec<Said> {
    let said = |(name, why): &(&str, &str)| {
        let line = why.trim().replace('\n', "; ");
        Said::new(line).on(name).hint("`ssh` to the server by hand with the settings of `spec.ssh`")
    };
    hosts.silent.iter().map(said).collect()
}

pub(super) fn root(host: &Host<'_>) -> Vec<Said> {
    let uid = host.probe.system.uid;
    when(uid != Some(0), || {
        let who = uid.map_or_else(|| "an unknown user".to_owned(), |uid| format!("user id {uid}"));
        Said::new(format!("commands run as {who}, not as root"))
            .hint("set `spec.ssh.sudo: true`, and let the user run `sudo` without a password")
    })
}

pub(super) fn shell_posix(host: &Host<'_>) -> Vec<Said> {
    let system = &host.probe.system;
    when(!system.shell_posix, || {
        Said::new(format!("`/bin/sh` is `{}`, which is not a POSIX shell", system.shell)).hint("`dpkg-reconfigure dash`")
    })
}

pub(super) fn shell_quiet(host: &Host<'_>) -> Vec<Said> {
    let first = host.probe.noise.first();
    let said = |line: &String| {
        let start: String = line.chars().take(60).collect();
        Said::new(format!("a shell start-up file prints `{}`", start.trim())).hint("print only `if [ -t 1 ]`")
    };
    first.map(said).into_iter().collect()
}

pub(super) fn tools_present(host: &Host<'_>) -> Vec<Said> {
    let missing = &host.probe.system.missing_tools;
    when(!missing.is_empty(), || {
        Said::new(format!("no {} on the host", super::names(missing)))
            .hint("`apt-get install coreutils iproute2 mount util-linux`")
    })
}

/// sshd's configuration is changed and reloaded later: one that is broken already would lock everybody out.
pub(super) fn sshd_config_valid(host: &Host<'_>) -> Vec<Said> {
    let error = &host.probe.system.sshd_error;
    when(!error.is_empty(), || Said::new(format!("`sshd -t` says: {error}")))
}

/// Cloned images often have the same keys; known hosts then prove nothing.
pub(super) fn ssh_host_key_unique(hosts: &Hosts<'_>) -> Vec<Said> {
    let short = |host: &Host<'_>| host.probe.identity.ssh_host_keys.iter().map(|key| key.chars().take(16).collect()).collect();
    let hint = "`rm /etc/ssh/ssh_host_*; dpkg-reconfigure openssh-server` on one of them";
    hosts.shared("the SSH host key", short).into_iter().map(|said| said.hint(hint)).collect()
}
