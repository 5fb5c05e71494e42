//! A plan as the thing to make true: executing it asks no role again.

use regionctl_plan::{Certainty, Change, Facts, HostStage, Plan, Resource};

use crate::kind::{Kind, Kinds};
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
/// A change that was shown and is no longer needed is no difference, nor is what [changes by itself](crate::Kind::flaps): the
/// look after the run says whether that is right.
pub fn differences(kinds: &Kinds, shown: &HostStage, found: &[Change]) -> Vec<String> {
    let difference = |change: &Change| {
        let id = change.id();
        match shown.changes.iter().find(|was| was.id() == id) {
            None if only_flaps(kinds, change) => None,
            None => Some(format!("`{id}` was right and now is not")),
            Some(was) if !steady(kinds, change).is_what_was_shown(&steady(kinds, was)) => {
                Some(format!("`{id}` is not as it was when the plan was made"))
            }
            Some(_) => None,
        }
    };
    found.iter().filter_map(difference).collect()
}

/// The fields of a change that change by themselves.
fn flapping(kinds: &Kinds, change: &Change) -> &'static [&'static str] {
    kinds.get(&change.id().kind).map_or(&[], Kind::flaps)
}

/// True if nothing that lasts differs from what is wanted.
pub(crate) fn only_flaps(kinds: &Kinds, change: &Change) -> bool {
    let flapping = flapping(kinds, change);
    change.resource.flaps() || (change.before.is_some() && change.fields().iter().all(|field| flapping.contains(&field.field)))
}

/// A change without what was observed of fields that change by themselves.
fn steady(kinds: &Kinds, change: &Change) -> Change {
    let flapping = flapping(kinds, change);
    let mut change = change.clone();
    if let Some(before) = &mut change.before {
        before.retain(|field, _| !flapping.contains(&field.as_str()));
    }
    change
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

    fn mounted(state: impl Into<serde_json::Value>) -> Change {
        let mount = want::mount("/srv/data", "a:/data", "glusterfs", "defaults");
        let mut have = mount.want.clone().unwrap_or_default();
        have.insert("mounted".into(), state.into());
        diff(&mount, Some(&have)).unwrap()
    }

    #[test]
    fn a_mount_that_is_tried_again_and_again_makes_no_plan_stale() {
        let kinds = Kinds::host();
        let shown = HostStage { wanted: vec![], changes: vec![mounted(false)] };
        assert_eq!(differences(&kinds, &shown, &[mounted("broken")]), Vec::<String>::new());
        assert_eq!(differences(&kinds, &HostStage::default(), &[mounted(false)]), Vec::<String>::new());
    }

    #[test]
    fn what_lasts_is_compared_beside_what_flaps() {
        let kinds = Kinds::host();
        let mut other = mounted(false);
        other.before.as_mut().unwrap().insert("options".into(), "ro".into());
        let shown = HostStage { wanted: vec![], changes: vec![mounted(false)] };
        assert_eq!(differences(&kinds, &shown, std::slice::from_ref(&other)).len(), 1);
        assert_eq!(differences(&kinds, &HostStage::default(), &[other]), ["`mount:/srv/data` was right and now is not"]);
    }

    #[test]
    fn only_what_may_cut_must_still_be_needed() {
        let resources = [want::file("/etc/a", "new").may_cut(), want::file("/etc/b", "new")];
        let changes: Vec<_> = resources.iter().filter_map(|resource| diff(resource, None)).collect();
        let shown = HostStage { wanted: vec![], changes: changes.clone() };
        assert_eq!(no_way_back(&shown, &changes), Vec::<String>::new());
        assert_eq!(no_way_back(&shown, &[]), ["`file:/etc/a` was to change and need not any more"]);
        assert_eq!(differences(&Kinds::host(), &shown, &[]), Vec::<String>::new());
    }
}
