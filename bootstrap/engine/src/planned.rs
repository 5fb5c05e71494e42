//! A plan as the thing to make true: executing it asks no role again.

use regionctl_plan::{Certainty, Change, Facts, HostStage, Plan, Resource};

use crate::planner::Wants;

/// What a plan wants.
pub struct Planned<'a>(pub &'a Plan);

impl Wants for Planned<'_> {
    fn layers(&self) -> Vec<String> {
        self.0.stages.iter().map(|stage| stage.layer.clone()).collect()
    }

    fn wanted(&self, layer: &str, host: &str, _facts: &Facts) -> Vec<Resource> {
        let stage = self.0.stages.iter().find(|stage| stage.layer == layer);
        stage.and_then(|stage| stage.hosts.get(host)).map(|on| on.wanted.clone()).unwrap_or_default()
    }
}

/// What a host needs now that was not shown, or not like that. Empty: go on.
///
/// A change that was shown and is no longer needed is no difference.
pub fn differences(shown: &HostStage, found: &[Change]) -> Vec<String> {
    let difference = |change: &Change| {
        let id = change.id();
        match shown.changes.iter().find(|was| was.id() == id) {
            None => Some(format!("`{id}` was right and now is not")),
            Some(was) if !change.is_what_was_shown(was) => Some(format!("`{id}` is not as it was when the plan was made")),
            Some(_) => None,
        }
    };
    found.iter().filter_map(difference).collect()
}

/// What may cut SSH, was shown, and is no longer needed: the way back that is armed for it would lead to a state that the
/// host has left since.
pub fn no_way_back(shown: &HostStage, found: &[Change]) -> Vec<String> {
    let may_cut = shown.changes.iter().filter(|change| change.resource.may_cut_ssh() && change.certainty == Certainty::Exact);
    let gone = may_cut.filter(|shown| !found.iter().any(|change| change.id() == shown.id()));
    gone.map(|change| format!("`{}` was to change and need not any more", change.id())).collect()
}

#[cfg(test)]
mod tests {
    use regionctl_plan::diff;

    use super::*;
    use crate::want::{self, Want as _};

    #[test]
    fn only_what_may_cut_must_still_be_needed() {
        let resources = [want::file("/etc/a", "new").may_cut(), want::file("/etc/b", "new")];
        let changes: Vec<_> = resources.iter().filter_map(|resource| diff(resource, None)).collect();
        let shown = HostStage { wanted: vec![], changes: changes.clone() };
        assert_eq!(no_way_back(&shown, &changes), Vec::<String>::new());
        assert_eq!(no_way_back(&shown, &[]), ["`file:/etc/a` was to change and need not any more"]);
        assert_eq!(differences(&shown, &[]), Vec::<String>::new());
    }
}
