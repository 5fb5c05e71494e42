//! Disks and arrays that are not well.

use regionctl_engine::{Engine, Survey};
use regionctl_roles::preflight::ailments;
use serde::Serialize;

use crate::disks;
use crate::output::Output;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;

/// A disk or an array that is not well.
#[derive(Debug, Serialize)]
pub struct Ailing {
    /// Its server.
    host: String,
    /// The data disk's name in the inventory, if it is one.
    disk: Option<String>,
    /// What is wrong.
    message: String,
}

/// Asks the hosts that answered, all at once.
pub async fn ailing(region: &Region, engine: &Engine, survey: &Survey, parallel: u16, output: &Output) -> Vec<Ailing> {
    let answers = |name: &str| survey.get(name).is_some_and(Result::is_ok);
    let probes = disks::ask(region, engine, parallel, output, answers).await;
    let servers = region.inventory.region.servers().iter();
    let asked = servers.filter_map(|server| Some((server, probes.get(server.name.as_str())?.as_ref().ok()?)));
    asked
        .flat_map(|(server, probe)| {
            let of_host = move |ailment: regionctl_roles::preflight::Ailment| Ailing {
                host: server.name.to_string(),
                disk: ailment.disk,
                message: ailment.message,
            };
            ailments(server, probe).into_iter().map(of_host)
        })
        .collect()
}

/// A line each; nothing if all are well.
pub fn text(ailing: &[Ailing], style: &Style) -> String {
    if ailing.is_empty() {
        return String::new();
    }
    let line = |one: &Ailing| {
        let name = one.disk.as_ref().map_or_else(|| clean(&one.host), |disk| format!("{}:{}", clean(&one.host), clean(disk)));
        format!("{} {name}: {}\n", style.paint(style.error, "disk"), clean(&one.message))
    };
    let lines: String = ailing.iter().map(line).collect();
    let hint = match ailing.iter().any(|one| one.disk.is_some()) {
        true => hint_line("once a new disk is in, `regionctl disk replace SERVER:DISK` gets its bricks back", style),
        false => String::new(),
    };
    format!("\n{lines}{hint}")
}
