//! A plan as the thing to make true: executing it asks no role again.

use regionctl_plan::{Change, Facts, HostStage, Plan, Resource};

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
