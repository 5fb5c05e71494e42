//! Asking the servers for their disks.

use std::collections::BTreeMap;
use std::sync::Arc;

use regionctl_engine::{Engine, HostError};
use regionctl_roles::preflight::{self, HostProbe};
use tokio::sync::Semaphore;

use crate::output::Output;
use crate::region::Region;
use crate::survey;

/// What each server answered.
pub type Answers = BTreeMap<String, Result<HostProbe, HostError>>;

/// Asks these servers for their disks, all at once, one round trip each.
pub async fn ask(region: &Region, engine: &Engine, parallel: u16, output: &Output, selected: impl Fn(&str) -> bool) -> Answers {
    const DOING: &str = "looking at the disks";
    let servers = region.inventory.region.servers().iter().filter(|server| selected(server.name.as_str()));
    let slots = Arc::new(Semaphore::new(parallel.max(1).into()));
    let asked: Vec<_> = servers
        .filter_map(|server| {
            let remote = engine.remotes().get(server.name.as_str())?.clone();
            let (script, slots) = (preflight::disks_script(server), Arc::clone(&slots));
            Some(tokio::spawn(async move {
                let _slot = slots.acquire().await;
                let answer = remote.script(DOING, &script).await;
                let read = |text: String| HostProbe::read(&text).map_err(|message| remote.error(DOING, message));
                (remote.name.clone(), answer.and_then(read))
            }))
        })
        .collect();
    let answers = async {
        let mut answers = Answers::new();
        for one in asked {
            // A task that panicked is a bug of ours; its server is then missing.
            answers.extend(one.await.ok());
        }
        answers
    };
    survey::during(output, "asking for the disks", answers).await
}
