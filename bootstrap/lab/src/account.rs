//! The user of the inventory, where it is not root: a provider's installer makes it.

use regionctl_plan::Argv;

use crate::LabError;
use crate::host::ssh;
use crate::image::write;
use crate::names::namespace;
use crate::network::inside;
use crate::paths::LabPaths;
use crate::record::Record;
use crate::run::run;
use crate::spec::LabHost;

/// Makes the user on a host that has just been made.
pub(crate) async fn ensure(record: &Record, host: &LabHost) -> Result<(), LabError> {
    let Some(user) = record.spec.user.as_deref().filter(|user| *user != "root") else { return Ok(()) };
    let paths = LabPaths::new(&record.spec.name);
    let done = paths.host(&host.name).root.join("user");
    if done.exists() {
        return Ok(());
    }
    let remote = Argv::new("sh").args(["-c", include_str!("files/user.sh"), "sh", user]);
    let line = inside(&namespace(&record.spec.name)).args(ssh(&paths, host).words().iter().cloned());
    run(&line.arg(remote.to_string())).await?;
    write(&done, b"")
}
