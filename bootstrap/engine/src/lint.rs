//! Lints: pure readings of a plan that warn or forbid, by name.

use std::collections::BTreeSet;

use ipnetwork::IpNetwork;
use regionctl_plan::{Action, Change, Finding, Plan, Resource, Severity};

use crate::kind::{Kind, Kinds};
use crate::locked::{self, Locked};
use crate::planner::{self, HostView};
use crate::survey::Surveyed;

/// Every lint with what it looks for; the list is the documentation.
pub const LINTS: &[(&str, &str)] = &[
    ("waits-in-a-circle", "changes wait for each other and could never run"),
    ("data-overwritten", "a disk that holds something would get a file system"),
    ("cannot-change", "what is there would have to become something that it never becomes, such as a volume of other bricks"),
    ("overridden", "a value would be another after the next boot: a file of somebody else is read after ours"),
    ("sshd-include", "sshd does not read the folder where its settings would be"),
    ("sshd-overridden", "sshd takes a value of somebody else before ours"),
    ("file-locked", "a file that would change is immutable, append-only, mounted over, or on a read-only file system"),
    ("volume-removed", "a Gluster volume is no longer wanted and would be deleted; its data stays on the bricks"),
    ("operator-dropped", "the packet filter would keep out the operator who plans it"),
    ("card-unknown", "no network card of a server is known for the vrack's, or for that to the outside"),
    ("server-renamed", "a server was installed under another name, by which the others know it"),
    ("address-taken", "a server has the vrack address that the inventory gives to another: names would lead to the wrong one"),
    (
        "server-gone",
        "a server left the inventory and does not answer: it keeps its keys and what it knows of the region's secrets",
    ),
    ("region-foreign", "a server belongs to another region, which another folder runs"),
    ("key-lost", "a disk is encrypted, and the recovery key that it was made with is not among the secrets"),
    (
        "clock-differs",
        "the operator's clock is not that of the servers: what is signed by it would begin or end at the wrong time",
    ),
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

/// A server that was installed under another name: what the others know by the old one, as Gluster its bricks, would be another's.
pub fn server_renamed(host: &str, view: &HostView) -> Option<Finding> {
    let was = view.facts.server.as_deref().filter(|was| *was != host)?;
    // A reset asks for no name.
    if view.wanted.iter().all(|(_, wanted)| wanted.is_empty()) {
        return None;
    }
    let message = format!("it was installed as `{was}`, and the inventory calls it `{host}`");
    let hint = format!(
        "call it `{was}` again; a server gets another name by leaving the inventory, an `install`, and joining it under the new one"
    );
    Some(Finding::new("server-renamed", Severity::Error, message).on(host).hint(hint))
}

/// What a plan would change on one host where nobody can write.
pub fn file_locked(kinds: &Kinds, host: &str, view: &HostView, plan: &Plan) -> Vec<Finding> {
    let found = locked::in_the_way(kinds, plan, host, &view.locked);
    let finding = |locked: &Locked| {
        let message = format!("{locked}, and would have to change");
        Finding::new("file-locked", Severity::Error, message).on(host).hint(locked.by.hint(&locked.place))
    };
    found.into_iter().map(finding).collect()
}

/// How far the operator's clock may be from the servers', in seconds: more than a server takes to answer, and far less than what is
/// signed begins earlier than it is made.
const CLOCKS: i64 = 300;

/// An operator's clock that is ahead of every server's, or behind. Where some servers agree with it, the others are wrong, which is
/// mended by their time service.
pub fn clock_differs<'a>(surveyed: impl IntoIterator<Item = &'a Surveyed>) -> Option<Finding> {
    let ahead = |surveyed: &Surveyed| i64::try_from(surveyed.answered).ok()?.checked_sub_unsigned(surveyed.clock);
    let ahead: Vec<i64> = surveyed.into_iter().filter_map(ahead).collect();
    let (least, most) = (*ahead.iter().min()?, *ahead.iter().max()?);
    let (by, side) = match (least > CLOCKS, most < -CLOCKS) {
        (true, _) => (least, "ahead of"),
        (_, true) => (-most, "behind"),
        _ => return None,
    };
    // Of one server nobody can tell whose clock is wrong.
    let severity = if ahead.len() > 1 { Severity::Error } else { Severity::Warning };
    let message = format!("your clock is {} min {side} that of every server that answered", by / 60);
    Some(
        Finding::new("clock-differs", severity, message)
            .hint("`date -u` here and there tells who is wrong; set the clock that is"),
    )
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
    let refusal = kind.refuses(change)?;
    Some(Finding::new(refusal.finding, Severity::Error, refusal.message).hint(refusal.hint))
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
                locked: BTreeMap::new(),
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
    fn a_server_keeps_the_name_that_it_was_installed_by() {
        let name = want::file("/etc/hostname", "storage-2\n");
        let view = |wanted: Vec<Resource>| HostView {
            facts: Facts { server: Some("storage-2".into()), ..Facts::assumed() },
            ledger: vec![],
            wanted: vec![("base".into(), wanted)],
            wanted_by_any: BTreeSet::new(),
            have: BTreeMap::new(),
            locked: BTreeMap::new(),
        };
        assert_eq!(server_renamed("storage-2", &view(vec![name.clone()])), None);
        let found = server_renamed("storage-9", &view(vec![name.clone()])).unwrap();
        assert!(found.message.contains("as `storage-2`") && LINTS.iter().any(|(name, _)| *name == found.name));
        assert_eq!(server_renamed("storage-9", &view(vec![])), None);
    }

    #[test]
    fn a_clock_that_no_server_shares_is_the_operator_s() {
        let surveyed = |(answered, clock): (u64, u64)| Surveyed {
            view: HostView {
                facts: Facts::assumed(),
                ledger: vec![],
                wanted: vec![],
                wanted_by_any: BTreeSet::new(),
                have: BTreeMap::new(),
                locked: BTreeMap::new(),
            },
            lease: None,
            clock,
            answered,
            taken_from: None,
        };
        let found = |clocks: &[(u64, u64)]| {
            let surveyed: Vec<_> = clocks.iter().copied().map(surveyed).collect();
            clock_differs(&surveyed).map(|found| (found.severity, found.message))
        };
        let (error, warning) = (Severity::Error, Severity::Warning);
        let told =
            |severity, side: &str| Some((severity, format!("your clock is 90 min {side} that of every server that answered")));
        assert_eq!(found(&[(10_000, 4_600), (10_002, 4_590)]), told(error, "ahead of"));
        assert_eq!(found(&[(10_000, 15_400), (10_002, 15_500)]), told(error, "behind"));
        assert_eq!(found(&[(10_000, 4_600)]), told(warning, "ahead of"));
        assert_eq!(found(&[(10_000, 9_990), (10_002, 4_600)]), None);
        assert_eq!(found(&[(10_000, 4_600), (10_002, 15_500)]), None);
        assert_eq!(found(&[(10_000, u64::MAX), (10_000, 9_999)]), None);
        assert_eq!(found(&[]), None);
        assert!(["clock-differs", "file-locked"].iter().all(|lint| LINTS.iter().any(|(name, _)| name == lint)));
    }

    #[test]
    fn one_key_is_too_few() {
        let found = few_recipients(1).unwrap();
        assert_eq!((found.name.as_str(), found.severity), ("few-recipients", Severity::Warning));
        assert!(LINTS.iter().any(|(name, _)| *name == found.name));
        assert_eq!(few_recipients(2), None);
    }
}
