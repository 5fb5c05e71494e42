//! Servers that the region has and its inventory names no more: an install gives them back while they answer, after the region has let
//! them go, and names those that do not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regionctl_engine::{Engine, FolderError, Goal, RegionFolder, Selection};
use regionctl_inventory::{Known, Region as Inventory, Server, parse};
use regionctl_plan::{Finding, Plan, Severity};

use crate::args::Contact;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::plan;
use crate::render::words::list;
use crate::run::{self, Execution};
use crate::survey;
use crate::vault::Vault;
use crate::verbs::no_plan;

/// A server that left.
#[derive(Debug)]
pub struct Leaver {
    /// As the newest inventory had it that named it.
    pub server: Server,
    /// The names of the secrets that it was given.
    pub secrets: BTreeSet<String>,
    /// True if a server of the inventory is reached where it was: it left under this name only.
    pub renamed: bool,
}

/// The servers that left. What the servers were when they were last asked tells most of the time that there are none, without
/// reading a generation.
///
/// # Errors
/// The region folder cannot be read.
pub fn of(inventory: &Inventory, folder: &RegionFolder) -> Result<Vec<Leaver>, FolderError> {
    let numbers = folder.generations()?;
    let Some(newest) = numbers.last() else { return Ok(Vec::new()) };
    let stays = |name: &str| inventory.server(name).is_some();
    let asked = folder.asked_hosts()?;
    if asked.iter().all(|name| stays(name)) && inventory.servers().iter().all(|server| asked.contains(server.name.as_str())) {
        return Ok(Vec::new());
    }
    let wanted = folder.generation(*newest)?.wanted;
    let secrets = |resources: Vec<regionctl_plan::Resource>| {
        resources.into_iter().flat_map(|resource| resource.secrets).map(|secret| secret.name).collect()
    };
    let left = wanted.into_iter().filter(|(name, _)| !stays(name));
    let mut left: BTreeMap<String, BTreeSet<String>> = left.map(|(name, resources)| (name, secrets(resources))).collect();
    asked.iter().filter(|name| !stays(name) && !left.contains_key(*name)).for_each(|name| folder.forget_facts(name));
    let is_there = |server: &Server| inventory.servers().iter().any(|other| other.address == server.address);
    let releases = regionctl_images::names();
    let mut leavers = Vec::new();
    for number in numbers.iter().rev() {
        if left.is_empty() {
            break;
        }
        // An inventory that this version does not understand any more is passed over for an older one.
        let Ok(then) = parse(&folder.generation(*number)?.inventory, "region.yaml", &Known { releases: &releases }) else {
            continue;
        };
        let named = then.region.servers().iter();
        leavers.extend(named.filter_map(|server| {
            let secrets = left.remove(server.name.as_str())?;
            Some(Leaver { secrets, renamed: is_there(server), server: server.clone() })
        }));
    }
    Ok(leavers)
}

/// What becomes of the servers that left.
pub struct Leaving {
    engine: Engine,
    /// What goes back on those that answer.
    pub plan: Plan,
    findings: Vec<Finding>,
    gone: BTreeSet<String>,
}

/// Asks the servers that left; `None`: there are none, or only a part of the region is looked at.
///
/// # Errors
/// The region folder cannot be read.
pub async fn ask(region: &Region, selection: &Selection, contact: &Contact, output: &Output) -> Result<Option<Leaving>, Failure> {
    if !selection.is_everything() {
        return Ok(None);
    }
    let (renamed, leavers): (Vec<_>, Vec<_>) = region.leavers()?.into_iter().partition(|leaver| leaver.renamed);
    if leavers.is_empty() && renamed.is_empty() {
        return Ok(None);
    }
    let servers: Vec<_> = leavers.iter().map(|leaver| &leaver.server).collect();
    let engine = region.engine_of(&servers, None, contact, &Arc::new(Vault::closed(region)), output)?;
    let (selection, goal) = (Selection::default(), Goal::nothing());
    let survey = survey::ask(&engine, &selection, &goal, output).await;
    let silent = |leaver: &&Leaver| survey.get(leaver.server.name.as_str()).is_some_and(Result::is_err);
    let findings = leavers.iter().filter(silent).map(gone).collect();
    // Under its old name it is gone; whether that may be is for the plan to say.
    let gone = leavers.iter().filter(silent).chain(&renamed).map(|leaver| leaver.server.name.to_string()).collect();
    let plan = engine.plan(&survey, &selection, &goal).map_err(|error| no_plan(&error))?;
    Ok(Some(Leaving { engine, plan, findings, gone }))
}

fn gone(leaver: &Leaver) -> Finding {
    let name = leaver.server.name.as_str();
    let message = "it left the inventory and does not answer: it keeps what the region gave it";
    let secrets: Vec<_> = leaver.secrets.iter().map(|name| format!("`{name}`")).collect();
    let renew = if secrets.is_empty() {
        String::new()
    } else {
        format!("; then renew what it knows, with `regionctl secrets renew NAME`: {}", list(&secrets, 12))
    };
    let hint = format!("bring it up, and it is given back; or, if it is gone for good, `--allow server-gone`{renew}");
    Finding::new("server-gone", Severity::Error, message).on(name).hint(hint)
}

impl Leaving {
    /// Those that are gone for good.
    pub fn gone(&self) -> &BTreeSet<String> {
        &self.gone
    }

    /// Shows on standard error what would become of them.
    pub fn show(&self, allowed: &[String], output: &Output) {
        if self.engine.remotes().is_empty() {
            return;
        }
        let style = output.err();
        let names: Vec<_> = self.engine.remotes().keys().map(|name| clean(name)).collect();
        let note = style.paint(style.head, "note:");
        output.say(&format!("{note} no longer in the inventory: {}; an install gives back what answers\n", list(&names, 8)));
        output.say(&crate::render::findings::render(&self.findings, allowed, style));
        let options = plan::Options { style: *style, full: output.verbose > 0, allowed };
        output.say(&plan::render(&self.plan, &options));
    }

    /// Refuses what is forbidden.
    ///
    /// # Errors
    /// The names to allow.
    pub fn permit(&self, allowed: &[String]) -> Result<(), Failure> {
        run::permitted("lint", &self.findings, allowed, Exit::Refused)?;
        run::permit(&self.plan, allowed)
    }

    /// True if something of them is to be given back.
    pub fn is_some(&self) -> bool {
        self.plan.stages.iter().any(|stage| !stage.hosts.is_empty())
    }

    /// Gives them back, just as it was shown.
    ///
    /// # Errors
    /// The run did not begin, or what is there now is not what was shown.
    pub async fn give_back(&self, how: &Execution<'_>, output: &Output) -> Result<Exit, Failure> {
        let (selection, goal) = (Selection { hosts: self.answered(), ..Selection::default() }, Goal::nothing());
        let survey = survey::ask(&self.engine, &selection, &goal, output).await;
        // The region's own run made another generation.
        let plan = self.engine.plan(&survey, &selection, &goal).map_err(|error| no_plan(&error))?;
        if changes(&plan) != changes(&self.plan) {
            let message = "the servers that left are not as they were when the plan was shown";
            return Err(Failure::new(Exit::Refused, message).hint("run again, and look at the difference"));
        }
        run::execute(&self.engine, &plan, how, output).await
    }

    fn answered(&self) -> BTreeSet<String> {
        self.engine.remotes().keys().filter(|name| !self.gone.contains(*name)).cloned().collect()
    }
}

/// What changes, by host, in order.
fn changes(plan: &Plan) -> Vec<(&str, String)> {
    plan.changes().map(|(_, host, change)| (host, change.id().to_string())).collect()
}

#[cfg(test)]
mod tests {
    use regionctl_engine::Generation;
    use regionctl_plan::{Facts, Resource, SecretRef};

    use super::*;

    fn text(servers: &[&str]) -> String {
        let server =
            |(at, name): (usize, &&str)| format!("    - {{name: {name}, roles: [compute], address: 203.0.113.{}}}\n", 11 + at);
        let servers: String = servers.iter().enumerate().map(server).collect();
        format!(
            "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {{name: demo}}\nspec:\n  release: \"2026.11\"\n  network:\n    \
             public: {{cidr: 203.0.113.0/24}}\n    vrack: {{cidr: 10.90.0.0/24}}\n    ranges: {{servers: 10.90.0.10-10.90.0.59}}\n  \
             servers:\n{servers}"
        )
    }

    fn inventory(servers: &[&str]) -> Inventory {
        let releases = regionctl_images::names();
        parse(&text(servers), "region.yaml", &Known { releases: &releases }).unwrap().region
    }

    fn generation(number: u64, servers: &[&str], wanted: &[&str]) -> Generation {
        let key = SecretRef { name: "vpn/tls-crypt".into(), version: 1 };
        let resource = Resource::present("file", "/etc/key").speaks_of(&key);
        Generation {
            number,
            parent: None,
            at: String::new(),
            run: String::new(),
            release: "2026.11".into(),
            inventory_digest: String::new(),
            inventory: text(servers),
            region: None,
            proof: None,
            wanted: wanted.iter().map(|name| ((*name).to_owned(), vec![resource.clone()])).collect(),
        }
    }

    fn left(folder: &RegionFolder, servers: &[&str]) -> Vec<(String, Vec<String>)> {
        let of = of(&inventory(servers), folder).unwrap().into_iter();
        of.map(|leaver| (leaver.server.name.to_string(), leaver.secrets.into_iter().collect())).collect()
    }

    #[test]
    fn what_a_generation_has_and_the_inventory_has_not_is_never_silent() {
        let home = tempfile::tempdir().unwrap();
        let folder = RegionFolder::beside(&home.path().join("region.yaml"));
        assert_eq!(left(&folder, &["a"]), []);
        folder.keep_generation(&generation(1, &["a", "b"], &["a", "b"])).unwrap();
        let b = ("b".to_owned(), vec!["vpn/tls-crypt".to_owned()]);
        // A folder that was just fetched remembers nothing of the servers.
        assert_eq!(left(&folder, &["a"]), std::slice::from_ref(&b));
        ["a", "b"].iter().for_each(|host| folder.remember_facts(host, &Facts::assumed()));
        assert_eq!(left(&folder, &["a", "b"]), []);
        assert_eq!(left(&folder, &["a"]), std::slice::from_ref(&b));
        // Its own run may have been the last to name it.
        folder.keep_generation(&generation(2, &["a"], &["a", "b"])).unwrap();
        assert_eq!(left(&folder, &["a"]), [b]);
        // Another name at the same place is no server that left.
        let renamed = of(&inventory(&["a", "c"]), &folder).unwrap();
        assert_eq!(renamed.iter().map(|leaver| (leaver.server.name.as_str(), leaver.renamed)).collect::<Vec<_>>(), [("b", true)]);
        // Given back, it is nobody's any more, and its facts are forgotten.
        folder.keep_generation(&generation(3, &["a"], &["a"])).unwrap();
        assert_eq!(left(&folder, &["a"]), []);
        assert_eq!(folder.asked_hosts().unwrap(), ["a".to_owned()].into());
    }
}
