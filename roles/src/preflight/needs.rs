//! What a change needs that nothing makes so: the checks that count on a server that is installed already.

use std::collections::BTreeSet;

use regionctl_plan::{Action, Change, Plan};

/// Checks by the role that changes something. They judge what the [brief script](super::brief_script) asks. What only fails, and harms
/// nothing, as a package that is not there, is not among them: it stops its own server and no other.
const NEEDS: &[(&str, &[&str])] = &[
    ("network/vrack", &["nic-present", "vrack-card-free", "vrack-address-collision"]),
    ("network/gateway", &["nic-present", "vrack-address-present", "vrack-address-collision"]),
    ("disks/luks", DISK),
    ("disks/lvm", DISK),
    ("gluster/bricks", DISK),
];

const DISK: &[&str] =
    &["disk-present", "disk-same-twice", "disk-size", "disk-readable", "disk-writable", "disk-in-use", "disk-empty"];

/// The checks that a plan's changes on a server rely on. What goes back needs none of them.
pub fn needs(plan: &Plan, server: &str) -> BTreeSet<&'static str> {
    let changes = plan.changes().filter(|(_, host, change)| *host == server && change.action != Action::Return);
    changes.flat_map(|(_, _, change)| of_change(change)).collect()
}

fn of_change(change: &Change) -> impl Iterator<Item = &'static str> {
    let of = NEEDS.iter().filter(|(role, _)| *role == change.resource.role);
    of.flat_map(|(_, checks)| checks.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use regionctl_plan::{HostStage, PLAN_FORMAT, Resource, Stage, diff};

    use super::*;
    use crate::LAYERS;
    use crate::preflight::CHECKS;

    #[test]
    fn what_is_needed_is_a_check_and_whoever_needs_it_is_a_role() {
        for (name, checks) in NEEDS {
            assert!(LAYERS.iter().flat_map(|layer| layer.roles).any(|role| role.name == *name), "{name}");
            for check in *checks {
                assert!(CHECKS.iter().any(|known| known.name == *check), "{check}");
            }
        }
    }

    #[test]
    fn only_what_changes_needs_something() {
        let resource = |kind: &str, role: &str| Resource { role: role.to_owned(), ..Resource::present(kind, "x") };
        let of = |resource: Resource, action: Action| {
            let mut change = diff(&resource, None).unwrap();
            change.action = action;
            let on = HostStage { wanted: vec![], changes: vec![change] };
            let plan = Plan {
                format: PLAN_FORMAT,
                id: String::new(),
                region: String::new(),
                release: String::new(),
                parent: None,
                inventory: String::new(),
                stages: vec![Stage { layer: "network".into(), hosts: BTreeMap::from([("a".to_owned(), on)]) }],
                findings: vec![],
                notes: vec![],
            };
            [needs(&plan, "a"), needs(&plan, "b")].map(|needs| needs.into_iter().collect::<Vec<_>>())
        };
        let none = Vec::<&str>::new();
        let bridge = || resource("file", "network/vrack");
        assert_eq!(of(bridge(), Action::Create)[0], ["nic-present", "vrack-address-collision", "vrack-card-free"]);
        assert_eq!(of(bridge(), Action::Create)[1], none);
        assert_eq!(of(bridge(), Action::Return)[0], none);
        assert_eq!(of(resource("package", "network/dns"), Action::Create)[0], none);
        assert_eq!(of(resource("file", "base/time"), Action::Update)[0], none);
    }
}
