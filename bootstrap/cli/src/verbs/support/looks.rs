//! What is asked of a host for the archive: one read-only script, and its answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_engine::{Kinds, observe};
use regionctl_plan::quote;

/// One file of a host's folder.
pub struct Look {
    /// Its name in the folder.
    pub file: &'static str,
    /// What it is.
    pub about: &'static str,
    /// So many KiB of it at most, the newest.
    pub limit: usize,
    /// Prints it; left out where its program is not there. `$SINCE` is how far back to go.
    pub command: &'static str,
}

/// All that a host may print, in KiB, for the archive to stay small enough for a mail.
#[cfg(test)]
pub const LIMIT: usize = 2048;

const fn look(file: &'static str, about: &'static str, limit: usize, command: &'static str) -> Look {
    Look { file, about, limit, command }
}

/// The files. What each unit logs has a limit of its own, so that a noisy one does not push out the others.
pub const LOOKS: &[Look] = &[
    look("os-release", "the distribution", 8, "cat /etc/os-release"),
    look("uname", "the kernel", 4, "uname -a"),
    look("uptime", "since when it runs, and its load", 4, "uptime"),
    look("failed-units", "units that failed", 64, "systemctl --failed --no-pager --full"),
    look(
        "units",
        "the state of the units that regionctl cares for",
        128,
        "systemctl status --no-pager --full --lines=0 'regionctl-*' glusterd chrony ssh unbound nftables keepalived 'openvpn-server@*'",
    ),
    look(
        "log/regionctl",
        "what our units logged",
        512,
        "journalctl -q --no-pager -o short-iso -n 20000 --since=-$SINCE -u 'regionctl-*'",
    ),
    look("log/gluster", "", 256, "journalctl -q --no-pager -o short-iso -n 10000 --since=-$SINCE -u glusterd"),
    look("log/ssh", "", 128, "journalctl -q --no-pager -o short-iso -n 5000 --since=-$SINCE -u ssh"),
    look("log/chrony", "", 64, "journalctl -q --no-pager -o short-iso -n 5000 --since=-$SINCE -u chrony"),
    look("log/unbound", "", 64, "journalctl -q --no-pager -o short-iso -n 5000 --since=-$SINCE -u unbound"),
    look("log/nftables", "", 32, "journalctl -q --no-pager -o short-iso -n 5000 --since=-$SINCE -u nftables"),
    look("log/keepalived", "", 64, "journalctl -q --no-pager -o short-iso -n 5000 --since=-$SINCE -u keepalived"),
    look("log/openvpn", "", 128, "journalctl -q --no-pager -o short-iso -n 5000 --since=-$SINCE -u 'openvpn-server@*'"),
    look("dmesg", "the last lines of the kernel", 128, "dmesg | tail -n 1000"),
    look("addresses", "network interfaces and addresses", 64, "ip -d addr"),
    look("routes", "routes and their rules", 64, "ip rule; ip route show table all; ip -6 route show table all"),
    look("nftables", "the packet filter", 128, "nft list ruleset"),
    look("disks", "block devices", 32, "lsblk -o NAME,SIZE,TYPE,FSTYPE,LABEL,MOUNTPOINTS,MODEL"),
    look("space", "free space and inodes", 32, "df -hT; df -i"),
    look(
        "gluster",
        "peers, volumes and their state",
        128,
        "gluster --mode=script peer status; gluster --mode=script volume info; gluster --mode=script volume status",
    ),
];

/// Between the answer that planning knows and the files.
const MARK: &str = "@support\n";

/// A look that hangs, as Gluster may, must not cost the others. Cut at the front, where it is oldest.
const LOOK: &str = r#"
look() {
  command -v "${3%% *}" >/dev/null 2>&1 || return 0
  { timeout -k 1 15 sh -c "$3" 2>&1 </dev/null || echo "(exit status $?)"; } | tail -c "$(($2 + 1))" | rowb "$1" "$2"
}
"#;

/// The script; `since` is in seconds. It changes nothing.
///
/// # Errors
/// None that a script without resources can have.
pub fn script(since: u64) -> Result<String, observe::ObserveError> {
    let mut script = observe::script(&Kinds::host(), &[])?;
    script += &format!("echo {}{LOOK}export SINCE={since}s\n", MARK.trim_end());
    for look in LOOKS {
        script += &format!("look {} {} {}\n", look.file, look.limit * 1024, quote(look.command));
    }
    Ok(script + ":\n")
}

/// What a host answered.
#[derive(Debug, Default)]
pub struct Answer {
    /// The part that planning knows too.
    pub observed: String,
    /// The files, by their names. Only names of [`LOOKS`]: a host does not choose them.
    pub files: BTreeMap<&'static str, Vec<u8>>,
}

/// Reads what the script printed.
pub fn read(output: &str) -> Answer {
    let (observed, rows) = output.rsplit_once(MARK).unwrap_or((output, ""));
    let mut files = BTreeMap::new();
    for row in rows.lines() {
        let mut parts = row.splitn(3, '\t');
        let (Some(name), Some(_), Some(data)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let known = LOOKS.iter().find(|look| look.file == name);
        if let (Some(look), Ok(data)) = (known, STANDARD.decode(data.trim())) {
            files.insert(look.file, newest(data, look.limit * 1024));
        }
    }
    Answer { observed: observed.to_owned(), files }
}

/// The end of what is too long. Its first line goes whole: half a secret would not be found.
pub fn newest(data: Vec<u8>, limit: usize) -> Vec<u8> {
    if data.len() <= limit {
        return data;
    }
    let end = data.get(data.len() - limit..).unwrap_or_default();
    let whole = end.iter().position(|byte| *byte == b'\n').and_then(|at| end.get(at + 1..)).unwrap_or_default();
    [b"(what is older was left out)\n", whole].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_prints_no_more_than_its_share() {
        assert!(LOOKS.iter().map(|look| look.limit).sum::<usize>() <= LIMIT);
    }

    #[test]
    fn the_script_runs_wherever_there_is_a_shell() {
        let body = format!("{}\n{}", regionctl_engine::PRELUDE, script(60).unwrap());
        let output = std::process::Command::new("sh").arg("-c").arg(body).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let answer = read(&String::from_utf8(output.stdout).unwrap());
        assert!(answer.files["uname"].starts_with(b"Linux"));
        assert!(observe::read(&Kinds::host(), &[], &answer.observed).is_ok());
    }

    #[test]
    fn only_names_that_were_asked_for() {
        let data = STANDARD.encode("x");
        let answer = read(&format!("@facts\n@support\nuname\t1\t{data}\n../etc/passwd\t1\t{data}\nunits\t1\t%\nhalf"));
        assert_eq!(answer.observed, "@facts\n");
        assert_eq!(answer.files.into_iter().collect::<Vec<_>>(), [("uname", b"x".to_vec())]);
    }

    #[test]
    fn the_newest_whole_lines_are_kept() {
        assert_eq!(newest(b"a\nb\n".to_vec(), 4), b"a\nb\n");
        assert_eq!(newest(b"secret\nb\n".to_vec(), 5), b"(what is older was left out)\nb\n");
        assert_eq!(newest(b"no line feed".to_vec(), 3), b"(what is older was left out)\n");
    }
}
