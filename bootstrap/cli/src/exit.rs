//! Exit codes, in one table: what a script can rely on.

use std::process::ExitCode;

use serde::Serialize;

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// A file or a process on this machine.
    Local,
    /// `--exit-code` was given and something is not as wanted.
    Pending,
    /// `region.yaml`.
    Inventory,
    /// SSH.
    Connection,
    /// A host, or a check or a change on it.
    Host,
    /// The cluster's interface.
    Cluster,
    /// An artifact, such as a package or an image.
    Artifact,
    /// The region's lock.
    Lock,
    /// The plan may not be executed as it is.
    Refused,
    /// The operator said no, or stopped the run.
    Stopped,
    /// The command line. Not clap's 2, which means changes pending here.
    Usage,
    /// Left at once, at the second Ctrl-C.
    Interrupted,
}

/// Every code with what it means, in order: what `--help` and the docs print.
pub const TABLE: &[(Exit, &str)] = &[
    (Exit::Done, "done, or nothing to do"),
    (Exit::Local, "something on this machine: a file that cannot be read or written, a program that is missing"),
    (Exit::Pending, "changes are pending (only with `--exit-code`)"),
    (Exit::Inventory, "inventory: region.yaml is missing or wrong; no host was contacted"),
    (Exit::Connection, "connection: a host does not answer, refuses the key or has another host key"),
    (Exit::Host, "host: a check failed, or a change failed or was skipped; a table says which"),
    (Exit::Cluster, "cluster: the Kubernetes or hypervisor interface said no"),
    (Exit::Artifact, "artifact: a package, chart or image is missing or has another digest"),
    (Exit::Lock, "lock: another run holds the region, or took it over"),
    (Exit::Refused, "refused: a lint forbids the plan, or the hosts are no longer as it was made"),
    (Exit::Stopped, "declined at the question, or stopped by Ctrl-C between two changes"),
    (Exit::Usage, "the command line is wrong"),
    (Exit::Interrupted, "left at once by a second Ctrl-C; what was sent goes on, the next run adopts it"),
];

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Local => 1,
            Self::Pending => 2,
            Self::Inventory => 3,
            Self::Connection => 4,
            Self::Host => 5,
            Self::Cluster => 6,
            Self::Artifact => 7,
            Self::Lock => 8,
            Self::Refused => 9,
            Self::Stopped => 10,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }

    /// The table as text, for the end of `--help`.
    pub fn help() -> String {
        let row = |(exit, meaning): &(Self, &str)| format!("  {:>3}  {meaning}\n", exit.code());
        let rows: String = TABLE.iter().map(row).collect();
        format!("Exit codes:\n{}", rows.trim_end())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_in_order() {
        let codes: Vec<_> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
    }
}
