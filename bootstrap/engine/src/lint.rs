//! Lints: pure readings of a plan that warn or forbid, by name.

use std::collections::BTreeSet;

use ipnetwork::IpNetwork;
use regionctl_plan::{Action, Finding, Plan, Severity};

use crate::planner::{self, HostView};

/// Every lint with what it looks for; the list is the documentation.
pub const LINTS: &[(&str, &str)] = &[
    ("waits-in-a-circle", "changes wait for each other and could never run"),
    ("data-overwritten", "a disk that holds something would get a file system"),
    ("volume-removed", "a Gluster volume is no longer wanted and would be deleted; its data stays on the bricks"),
    ("operator-dropped", "the packet filter would keep out the operator who plans it"),
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
    Some(
        Finding::new("operator-dropped", Severity::Error, message)
            .on(host)
            .hint("add your network to `network.firewall.operators`, or come through the vrack or the VPN"),
    )
}

/// Secrets that so many keys open.
pub fn few_recipients(recipients: usize) -> Option<Finding> {
    let message = "only one key opens the region's secrets: when it is lost, so are they";
    let finding = Finding::new("few-recipients", Severity::Warning, message);
    (recipients < 2).then(|| finding.hint("`regionctl secrets recipients add RECIPIENT` lets another one open them"))
}

/// What the lints find in a plan.
pub fn check(plan: &Plan) -> Vec<Finding> {
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
            && irreversible.insert((host.to_owned(), id.kind.clone()))
        {
            findings.push(Finding::new("no-undo", Severity::Warning, format!("`{id}` cannot be taken back: {reason}")).on(host));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_is_too_few() {
        let found = few_recipients(1).unwrap();
        assert_eq!((found.name.as_str(), found.severity), ("few-recipients", Severity::Warning));
        assert!(LINTS.iter().any(|(name, _)| *name == found.name));
        assert_eq!(few_recipients(2), None);
    }
}
