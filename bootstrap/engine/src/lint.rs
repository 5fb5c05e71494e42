//! Lints: pure readings of a plan that warn or forbid, by name.

use std::collections::BTreeSet;

use ipnetwork::IpNetwork;
use regionctl_plan::{Action, Change, Finding, Plan, Resource, Severity};

use crate::kind::{Kind, Kinds};
use crate::planner::{self, HostView};

/// Every lint with what it looks for; the list is the documentation.
pub const LINTS: &[(&str, &str)] = &[
    ("waits-in-a-circle", "changes wait for each other and could never run"),
    ("data-overwritten", "a disk that holds something would get a file system"),
    ("cannot-change", "what is there would have to become something that it never becomes, such as a volume of other bricks"),
    ("volume-removed", "a Gluster volume is no longer wanted and would be deleted; its data stays on the bricks"),
    ("operator-dropped", "the packet filter would keep out the operator who plans it"),
    ("card-unknown", "no network card of a server is known for the vrack's, or for that to the outside"),
    ("region-foreign", "a server belongs to another region, which another folder runs"),
    ("key-lost", "a disk is encrypted, and the recovery key that it was made with is not among the secrets"),
    ("few-recipients", "only one key opens the region's secrets: when it is lost, so are they"),
    ("no-undo", "a change cannot be taken back by `reset` or a rollback"),
];

/// Firewalls that would keep out the operator who plans them, on one host.
pub fn operator_dropped(host: &str, view: &HostView) -> Option<Finding> {
    let operator = view.facts.operator?;
    let resources = view.wanted.iter().flat_map(|(_, wanted)| wanted);
    let rules = resources.map(|resource| resource.list_param("ssh_from")).find(|from| !from.is_empty())?;
    let inside = |network: &&str| network.parse::<IpNetwork>().is_ok_and(|network| network.contains(operator));
    if rules.iter().any(inside) {
        return None;
    }
    let message = format!("you come from {operator}, and the packet filter lets SSH in from {} only", rules.join(", "));
    Some(Finding::new("operator-dropped", Severity::Error, message).on(host).hint(
        "add your network to `network.firewall.operators`, or come through another server, or as an operator through the VPN",
    ))
}

/// Encrypted disks of one host that stay as they are, though their key is one that was only just made: it opens none of them.
pub fn key_lost(host: &str, view: &HostView, plan: &Plan, is_new: impl Fn(&str) -> bool) -> Vec<Finding> {
    let made = |resource: &Resource| {
        plan.changes().any(|(_, on, change)| on == host && *change.id() == resource.id && change.before.is_none())
    };
    let there = |resource: &&Resource| view.have.get(&resource.id).is_some_and(Option::is_some) && !made(resource);
    let lost = |resource: &Resource| {
        let key = resource.secrets.iter().find(|key| is_new(&key.name))?;
        let device = resource.text("device").unwrap_or(&resource.id.name);
        let message = format!("`{device}` is encrypted, and its recovery key `{}` is not among the secrets", key.name);
        let hint = "`regionctl history --fetch` brings lost secrets back from the servers; without the key the disk can only be \
                    wiped, with `disk replace SERVER:DISK --wipe`";
        Some(Finding::new("key-lost", Severity::Error, message).on(host).hint(hint))
    };
    let resources = view.wanted.iter().flat_map(|(_, wanted)| wanted);
    resources.filter(|resource| resource.id.kind == "luks").filter(there).filter_map(lost).collect()
}

/// Secrets that so many keys open.
pub fn few_recipients(recipients: usize) -> Option<Finding> {
    let message = "only one key opens the region's secrets: when it is lost, so are they";
    let finding = Finding::new("few-recipients", Severity::Warning, message);
    (recipients < 2).then(|| finding.hint("`regionctl secrets recipients add RECIPIENT` lets another one open them"))
}

/// What the lints find in a plan.
pub fn check(kinds: &Kinds, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let circle = planner::circle(&plan.stages);
    if !circle.is_empty() {
        let names: Vec<_> = circle.iter().map(ToString::to_string).collect();
        findings.push(Finding::new(
            "waits-in-a-circle",
            Severity::Error,
            format!("these changes wait for each other: {}", names.join(", ")),
        ));
    }
    // A reset wants nothing at all: it was asked for what it does.
    let reset = plan.stages.iter().all(|stage| stage.hosts.values().all(|on| on.wanted.is_empty()));
    let mut irreversible = BTreeSet::new();
    for (_, host, change) in plan.changes() {
        let id = change.id();
        findings.extend(condition(change).map(|finding| finding.on(host)));
        findings.extend(kinds.get(&id.kind).and_then(|kind| refused(kind, change)).map(|finding| finding.on(host)));
        if id.kind == "filesystem"
            && change.action == Action::Update
            && change.before.as_ref().is_some_and(|b| b.get("type") != change.after().and_then(|a| a.get("type")))
        {
            let found = change.before.as_ref().and_then(|b| b.get("type")).and_then(|t| t.as_str()).unwrap_or("something");
            let message = format!("`{}` holds {found}; a new file system would destroy it", id.name);
            findings.push(
                Finding::new("data-overwritten", Severity::Error, message)
                    .on(host)
                    .hint("check that the inventory names the right disk; wipe it by hand or with `reset --wipe SERVER:DISK`"),
            );
        }
        if id.kind == "gluster_volume" && change.after().is_none() && !reset {
            let message = format!("the volume `{}` would be deleted", id.name);
            findings.push(
                Finding::new("volume-removed", Severity::Error, message).on(host).hint("its data would stay on the bricks"),
            );
        }
        if let Some(reason) = &change.no_undo
            && !change.resource.params.contains_key(Resource::FINDING)
            && irreversible.insert((host.to_owned(), id.kind.clone()))
        {
            findings.push(Finding::new("no-undo", Severity::Warning, format!("`{id}` cannot be taken back: {reason}")).on(host));
        }
    }
    findings
}

/// What execution would refuse in any case: nothing is begun that cannot end.
fn refused(kind: &dyn Kind, change: &Change) -> Option<Finding> {
    let finding = Finding::new("cannot-change", Severity::Error, kind.refuses(change)?);
    Some(finding.hint("write the inventory as it was there"))
}

/// The finding of a condition that does not hold: it is in a plan only then.
fn condition(change: &Change) -> Option<Finding> {
    let text = |param| change.resource.text_param(param);
    let finding = Finding::new(text(Resource::FINDING)?, Severity::Error, text("message").unwrap_or(&change.id().name));
    Some(match text("hint") {
        Some(hint) => finding.hint(hint),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use regionctl_plan::{Facts, HostStage, PLAN_FORMAT, SecretRef, Stage, diff};

    use super::*;
    use crate::planner::stages;
    use crate::want::{self, Condition};

    fn plan(stages: Vec<Stage>) -> Plan {
        Plan {
            format: PLAN_FORMAT,
            id: String::new(),
            region: "demo".into(),
            release: String::new(),
            parent: None,
            inventory: String::new(),
            stages,
            findings: vec![],
            notes: vec![],
        }
    }

    #[test]
    fn a_condition_that_does_not_hold_forbids_the_plan_by_name() {
        let condition = Condition { name: "it rains", check: "false", finding: "dry", message: "it is dry", hint: "wait" };
        let changes: Vec<_> = diff(&want::condition(&condition), None).into_iter().collect();
        let on = HostStage { wanted: vec![], changes };
        let plan = plan(vec![Stage { layer: "disks".into(), hosts: BTreeMap::from([("a".to_owned(), on)]) }]);
        let expected = Finding::new("dry", Severity::Error, "it is dry").on("a").hint("wait");
        assert_eq!(check(&Kinds::host(), &plan), [expected]);
    }

    #[test]
    fn what_execution_would_refuse_forbids_the_plan() {
        let volume = |bricks: &[&str]| {
            let bricks: Vec<_> = bricks.iter().map(|brick| (*brick).to_owned()).collect();
            want::gluster_volume("data", 3, 0, &bricks)
        };
        let refused = |wanted: Resource, had: Resource| {
            let changes: Vec<_> = diff(&wanted, had.want.as_ref()).into_iter().collect();
            let on = HostStage { wanted: vec![wanted], changes };
            let plan = plan(vec![Stage { layer: "gluster".into(), hosts: BTreeMap::from([("a".to_owned(), on)]) }]);
            check(&Kinds::host(), &plan).into_iter().find(|found| found.name == "cannot-change").map(|found| found.message)
        };
        let three = ["a:/b", "b:/b", "c:/b"];
        let renamed = refused(volume(&["a:/b", "b:/b", "d:/b"]), volume(&three)).unwrap();
        assert!(renamed.contains("c:/b would become d:/b"), "{renamed}");
        let more = ["a:/b", "b:/b", "c:/b", "d:/b", "e:/b", "f:/b"];
        let shrunk = refused(volume(&three), volume(&more)).unwrap();
        assert!(shrunk.contains("d:/b, e:/b, f:/b would leave it"), "{shrunk}");
        assert_eq!(refused(volume(&three), volume(&three)), None);
        assert!(refused(want::loop_file("/a", 1), want::loop_file("/a", 2)).unwrap().contains("never shrunk"));
        assert_eq!(refused(want::loop_file("/a", 2), want::loop_file("/a", 1)), None);
        assert!(
            refused(want::lvm_group("g", ["/dev/a"]), want::lvm_group("g", ["/dev/a", "/dev/b"])).unwrap().contains("/dev/b")
        );
        assert!(LINTS.iter().any(|(name, _)| *name == "cannot-change"));
    }

    #[test]
    fn a_disk_whose_key_is_gone_is_not_given_another_in_silence() {
        let key = SecretRef { name: "disks/a/data".into(), version: 1 };
        let disk = want::luks("luks-data", "/dev/sdb", &key.to_string()).speaks_of(&key);
        let found = |there: bool, is_new: bool| {
            let view = HostView {
                facts: Facts::assumed(),
                ledger: vec![],
                wanted: vec![("disks".into(), vec![disk.clone()])],
                wanted_by_any: BTreeSet::from([disk.id.clone()]),
                have: BTreeMap::from([(disk.id.clone(), disk.want.clone().filter(|_| there))]),
            };
            let plan = plan(stages(&Kinds::host(), &["disks".into()], &BTreeMap::from([("a".to_owned(), view.clone())])));
            key_lost("a", &view, &plan, |name| is_new && name == "disks/a/data")
        };
        assert_eq!(found(false, true), []);
        assert_eq!(found(true, false), []);
        let message = "`/dev/sdb` is encrypted, and its recovery key `disks/a/data` is not among the secrets";
        let told: Vec<_> = found(true, true).into_iter().map(|found| (found.name, found.severity, found.message)).collect();
        assert_eq!(told, [("key-lost".to_owned(), Severity::Error, message.to_owned())]);
        assert!(LINTS.iter().any(|(name, _)| *name == "key-lost"));
    }

    #[test]
    fn one_key_is_too_few() {
        let found = few_recipients(1).unwrap();
        assert_eq!((found.name.as_str(), found.severity), ("few-recipients", Severity::Warning));
        assert!(LINTS.iter().any(|(name, _)| *name == found.name));
        assert_eq!(few_recipients(2), None);
    }
}
