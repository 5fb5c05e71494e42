//! Geo-replication is not used, and would be prepared at each start of glusterd.

use regionctl_engine::want::{self, Undo};
use regionctl_plan::{Resource, quote};

/// Of the package glusterfs-common, in Debian 12 and 13.
const PROGRAM: &str = "/usr/lib/x86_64-linux-gnu/glusterfs/gsyncd";

/// Takes the program away as Debian has it for files of a package that are not wanted. A glusterd that finds it runs it two dozen
/// times before it answers anybody, though it takes connections already (`configure_syncdaemon` in its `glusterd.c`): seconds with
/// Debian's Python, minutes on a slow server. Whoever else uses a volume with TLS keeps a processor busy meanwhile.
pub fn taken_away() -> Resource {
    let (program, aside) = (quote(PROGRAM), quote(&format!("{PROGRAM}.regionctl")));
    let command = want::Command {
        run: &format!("dpkg-divert --quiet --local --rename --divert {aside} --add {program}"),
        check: &format!("grep -qsxF -- {aside} /var/lib/dpkg/diversions"),
        guard: ":",
        undo: Undo::Run(&format!("dpkg-divert --quiet --local --rename --remove {program}")),
    };
    want::command("glusterd finds no geo-replication to prepare", command)
}
