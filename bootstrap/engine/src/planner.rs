//! From what was observed and what is wanted to a plan. Pure.

use std::collections::{BTreeMap, BTreeSet};

use regionctl_plan::{Action, Certainty, Change, Facts, Fields, HostStage, Id, LedgerEntry, Ref, Resource, Stage, diff};

use crate::kind::Kinds;
use crate::locked::Locked;

/// What must be true: the roles, as the engine sees them. Pure and deterministic.
pub trait Wants: Send + Sync {
    /// The layers in the order in which they run.
    fn layers(&self) -> Vec<String>;

    /// The resources that a layer wants on a host, in order of execution.
    fn wanted(&self, layer: &str, host: &str, facts: &Facts) -> Vec<Resource>;
}

/// Everything known of one host when the plan is made.
#[derive(Debug, Clone)]
pub struct HostView {
    /// The host itself.
    pub facts: Facts,
    /// What is ours there.
    pub ledger: Vec<LedgerEntry>,
    /// What each selected layer wants, in order of layers.
    pub wanted: Vec<(String, Vec<Resource>)>,
    /// What every layer wants, selected or not: what is here is not left over.
    pub wanted_by_any: BTreeSet<Id>,
    /// The state of every wanted and every left-over resource.
    pub have: BTreeMap<Id, Option<Fields>>,
    /// What keeps root from writing, by the place where a change would.
    pub locked: BTreeMap<String, Locked>,
}

impl HostView {
    /// What is ours and wanted by nobody any more, in the selected layers.
    pub fn left_over(&self) -> impl Iterator<Item = &LedgerEntry> {
        let selected = |entry: &&LedgerEntry| self.wanted.iter().any(|(layer, _)| *layer == entry.layer);
        self.ledger.iter().filter(selected).filter(|entry| !self.wanted_by_any.contains(&entry.resource.id))
    }
}

/// Stages with the changes of every host.
pub fn stages(kinds: &Kinds, layers: &[String], hosts: &BTreeMap<String, HostView>) -> Vec<Stage> {
    let back = returns(hosts);
    let mut touched: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut stages = Vec::new();
    for layer in layers {
        let mut stage = Stage { layer: layer.clone(), hosts: BTreeMap::new() };
        for (name, host) in hosts {
            let touched = touched.entry(name).or_default();
            let going = going_back(layer, host);
            let mut on = wanted(layer, host, touched, &going);
            let stands_on = |change: &Change| change.resource.list_param("config").iter().any(|file| going.contains(*file));
            let (last, first): (Vec<_>, Vec<_>) = on.changes.into_iter().partition(stands_on);
            on.changes = first;
            on.changes.extend(left_over(layer, name, host, &back, touched));
            on.changes.extend(last);
            for change in &mut on.changes {
                change.no_undo = kinds.get(&change.id().kind).and_then(|kind| kind.no_undo(&change.resource));
            }
            if !on.wanted.is_empty() || !on.changes.is_empty() {
                stage.hosts.insert(name.clone(), on);
            }
        }
        stages.push(stage);
    }
    stages
}

/// What goes back in a layer, by the file that it is about. Whatever is wanted and reads it comes after that: a service that was started
/// before would stand on what is taken away under it.
fn going_back(layer: &str, host: &HostView) -> BTreeSet<String> {
    host.left_over().filter(|entry| entry.layer == layer).map(|entry| path(&entry.resource).to_owned()).collect()
}

/// What a layer wants of a host, and what must change for it, also because of what will be `going` back.
fn wanted(layer: &str, host: &HostView, touched: &mut BTreeSet<String>, going: &BTreeSet<String>) -> HostStage {
    let wanted = host.wanted.iter().find(|(of, _)| of == layer).map(|(_, wanted)| wanted.clone()).unwrap_or_default();
    let mut changes = Vec::new();
    for resource in &wanted {
        let Some(have) = host.have.get(&resource.id) else { continue };
        let taken = touched.contains(&resource.id.to_string());
        let stale = |have| made_stale(resource, have, touched).and_then(|have| made_stale(resource, have, going));
        let have = have.clone().filter(|_| !taken).and_then(stale);
        if let Some(change) = diff(resource, have.as_ref()) {
            touched.insert(path(resource).to_owned());
            touched.extend(resource.list_param(Resource::TAKES).into_iter().map(str::to_owned));
            changes.push(change);
        }
    }
    HostStage { wanted, changes }
}

/// What goes back, the newest first; but what must notice that its configuration went back comes after it.
fn left_over(
    layer: &str,
    name: &str,
    host: &HostView,
    back: &BTreeMap<Ref, Vec<Ref>>,
    touched: &mut BTreeSet<String>,
) -> Vec<Change> {
    let mut entries: Vec<_> = host.left_over().filter(|entry| entry.layer == layer).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.order));
    let notices = |entry: &&LedgerEntry| {
        let config = entry.resource.list_param("config");
        entry.original.is_some() && host.left_over().any(|other| config.contains(&path(&other.resource)))
    };
    let (last, mut first): (Vec<_>, Vec<_>) = entries.into_iter().partition(notices);
    // Packages go last of all: a unit that goes back to what it was may be one of theirs.
    let packages = first.iter().position(|entry| entry.resource.id.kind == "package").unwrap_or(first.len());
    let at = last
        .iter()
        .flat_map(|entry| entry.resource.list_param("config"))
        .filter_map(|file| first.iter().rposition(|e| path(&e.resource) == file));
    let at = at.map(|position| position + 1).max().unwrap_or(packages);
    first.splice(at..at, last);
    let mut changes = Vec::new();
    for entry in first {
        let mut resource = entry.resource.clone();
        resource.want.clone_from(&entry.original);
        let this = Ref { host: name.to_owned(), id: resource.id.clone() };
        resource.waits = back.get(&this).cloned().unwrap_or_default();
        let before = host.have.get(&resource.id).cloned().flatten().and_then(|have| made_stale(&resource, have, touched));
        touched.insert(path(&resource).to_owned());
        changes.push(Change { resource, action: Action::Return, before, certainty: Certainty::Exact, no_undo: None });
    }
    changes
}

/// The file that a resource is about, where it is about one.
pub(crate) fn path(resource: &Resource) -> &str {
    resource.text_param("path").unwrap_or(&resource.id.name)
}

/// A unit that is up to date now will not be once its configuration has changed, and what a command found done must be
/// done or seen again.
fn made_stale(resource: &Resource, mut have: Fields, touched: &BTreeSet<String>) -> Option<Fields> {
    if resource.list_param("config").iter().any(|file| touched.contains(*file)) {
        if let Some(current) = have.get_mut("current") {
            *current = false.into();
        } else if have.contains_key("done") {
            return None;
        }
    }
    Some(have)
}

/// On the way back dependencies turn round: what was waited for goes after everything that waited for it.
fn returns(hosts: &BTreeMap<String, HostView>) -> BTreeMap<Ref, Vec<Ref>> {
    let mut back: BTreeMap<Ref, Vec<Ref>> = BTreeMap::new();
    for (name, host) in hosts {
        for entry in host.left_over() {
            for waited in &entry.resource.waits {
                back.entry(waited.clone()).or_default().push(Ref { host: name.clone(), id: entry.resource.id.clone() });
            }
        }
    }
    back
}

/// The changes that can never run because they wait for each other; empty if the order is sound.
pub fn circle(stages: &[Stage]) -> Vec<Ref> {
    let mut queues: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for stage in stages {
        for (host, on) in &stage.hosts {
            queues.entry(host).or_default().extend(&on.changes);
        }
    }
    let mut pending: BTreeSet<Ref> = BTreeSet::new();
    for (host, queue) in &mut queues {
        queue.reverse();
        pending.extend(queue.iter().map(|change| Ref { host: (*host).to_owned(), id: change.id().clone() }));
    }
    loop {
        let before = pending.len();
        for (host, queue) in &mut queues {
            while let Some(change) = queue.last()
                && !change.resource.waits.iter().any(|wait| pending.contains(wait))
            {
                pending.remove(&Ref { host: (*host).to_owned(), id: change.id().clone() });
                queue.pop();
            }
        }
        if pending.is_empty() || pending.len() == before {
            return pending.into_iter().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(wanted: Vec<Resource>, ledger: Vec<LedgerEntry>) -> HostView {
        let have = wanted.iter().map(|r| (r.id.clone(), None)).collect();
        let wanted_by_any = wanted.iter().map(|r| r.id.clone()).collect();
        HostView {
            facts: Facts::assumed(),
            ledger,
            wanted: vec![("base".into(), wanted)],
            wanted_by_any,
            have,
            locked: BTreeMap::new(),
        }
    }

    fn entry(order: u64, resource: Resource) -> LedgerEntry {
        LedgerEntry { order, resource, layer: "base".into(), original: None }
    }

    #[test]
    fn what_is_left_over_goes_back_newest_first_and_after_what_waited_for_it() {
        let brick = Resource::present("directory", "/brick");
        let volume = Resource::present("gluster_volume", "data").wait("b", brick.id.clone());
        let hosts = BTreeMap::from([
            ("a".to_owned(), view(vec![], vec![entry(1, Resource::present("package", "x")), entry(2, volume.clone())])),
            ("b".to_owned(), view(vec![], vec![entry(1, brick)])),
        ]);
        let stages = stages(&Kinds::host(), &["base".into()], &hosts);
        let on_a: Vec<_> = stages[0].hosts["a"].changes.iter().map(|c| c.id().name.as_str()).collect();
        assert_eq!(on_a, ["data", "x"]);
        let waits = &stages[0].hosts["b"].changes[0].resource.waits;
        assert_eq!(waits, &[Ref { host: "a".into(), id: volume.id }]);
        assert!(circle(&stages).is_empty());
    }

    #[test]
    fn a_unit_whose_configuration_changes_will_be_stale() {
        let unit =
            Resource::present("unit", "ssh.service").field("active", true).field("current", true).param("config", vec!["/etc/a"]);
        let mut host = view(vec![Resource::present("file", "/etc/a"), unit.clone()], vec![]);
        host.have.insert(unit.id.clone(), unit.want.clone());
        let stages = stages(&Kinds::host(), &["base".into()], &BTreeMap::from([("a".to_owned(), host)]));
        let [_, change] = stages[0].hosts["a"].changes.as_slice() else { panic!("two changes") };
        assert_eq!(change.fields().iter().map(|f| f.field).collect::<Vec<_>>(), ["current"]);
    }

    #[test]
    fn a_service_is_started_after_what_it_stands_on_went_back() {
        let bridge = Resource::present("file", "/etc/bridge");
        let unit = Resource::present("unit", "keepalived.service").field("current", true).param("config", vec!["/etc/bridge"]);
        let other = Resource::present("file", "/etc/other");
        let mut host = view(vec![unit.clone(), other], vec![entry(1, bridge)]);
        host.have.insert(unit.id.clone(), unit.want.clone());
        let stages = stages(&Kinds::host(), &["base".into()], &BTreeMap::from([("a".to_owned(), host)]));
        let changes: Vec<_> = stages[0].hosts["a"].changes.iter().map(|change| change.id().name.as_str()).collect();
        assert_eq!(changes, ["/etc/other", "/etc/bridge", "keepalived.service"]);
    }

    #[test]
    fn what_a_change_takes_is_made_anew() {
        let disk = Resource::present("filesystem", "/dev/sdb").field("type", "xfs");
        let goes =
            Resource::present("command", "the disk goes").field("done", true).param(Resource::TAKES, vec!["filesystem:/dev/sdb"]);
        let mut host = view(vec![goes.clone(), disk.clone()], vec![]);
        host.have.insert(disk.id.clone(), disk.want.clone());
        let changes = |host: &HostView| {
            let stages = stages(&Kinds::host(), &["base".into()], &BTreeMap::from([("a".to_owned(), host.clone())]));
            stages[0].hosts["a"].changes.iter().map(|change| change.id().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(changes(&host), ["command:the disk goes", "filesystem:/dev/sdb"]);
        host.have.insert(goes.id, goes.want);
        assert_eq!(changes(&host), Vec::<String>::new());
    }

    #[test]
    fn on_the_way_back_a_unit_notices_its_configuration() {
        let unit = Resource::present("unit", "ssh.service").field("current", true).param("config", vec!["/etc/a"]);
        let was = unit.want.clone();
        let mut ledger =
            vec![entry(1, Resource::present("file", "/etc/a")), entry(2, unit.clone()), entry(3, Resource::present("user", "u"))];
        ledger[1].original.clone_from(&was);
        let mut host = view(vec![], ledger);
        host.have.insert(unit.id, was);
        let stages = stages(&Kinds::host(), &["base".into()], &BTreeMap::from([("a".to_owned(), host)]));
        let changes = &stages[0].hosts["a"].changes;
        assert_eq!(changes.iter().map(|c| c.id().kind.as_str()).collect::<Vec<_>>(), ["user", "file", "unit"]);
        assert_eq!(changes[2].before.as_ref().unwrap()["current"], false);
    }

    #[test]
    fn a_circle_is_found() {
        let (one, two) = (Resource::present("directory", "/1"), Resource::present("directory", "/2"));
        let hosts = BTreeMap::from([
            ("a".to_owned(), view(vec![one.clone().wait("b", two.id.clone())], vec![])),
            ("b".to_owned(), view(vec![two.wait("a", one.id)], vec![])),
        ]);
        assert_eq!(circle(&stages(&Kinds::host(), &["base".into()], &hosts)).len(), 2);
    }
}
