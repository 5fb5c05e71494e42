//! The difference between what is wanted and what was observed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Fields, Id, Resource};

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It does not exist and will.
    Create,
    /// It exists and some fields will change.
    Update,
    /// It exists and will not.
    Remove,
    /// It is no longer wanted: back to what it was before regionctl first touched it.
    Return,
}

/// How sure a plan is of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "because")]
pub enum Certainty {
    /// Computed from what was observed.
    Exact,
    /// Computed from the after-state of earlier stages.
    Expected,
    /// Cannot be known yet, for this reason.
    Deferred(String),
}

/// One step from what is to what is wanted, on one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is wanted. For [`Action::Return`] the original, as the ledger has it.
    pub resource: Resource,
    /// What happens.
    pub action: Action,
    /// What was observed; `None`: it does not exist.
    pub before: Option<Fields>,
    /// How sure this is.
    pub certainty: Certainty,
    /// Why it cannot be undone, where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_undo: Option<String>,
}

/// One field of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange<'a> {
    /// The field's name.
    pub field: &'a str,
    /// What was observed.
    pub before: Option<&'a Value>,
    /// What is wanted.
    pub after: Option<&'a Value>,
}

impl Change {
    /// The resource's name.
    pub fn id(&self) -> &Id {
        &self.resource.id
    }

    /// The wanted state; `None`: it will not exist.
    pub fn after(&self) -> Option<&Fields> {
        self.resource.want.as_ref()
    }

    /// The fields that will differ, in order of name.
    pub fn fields(&self) -> Vec<FieldChange<'_>> {
        match (self.before.as_ref(), self.after()) {
            (before, Some(after)) => {
                let had = |field: &str| before.and_then(|have| have.get(field));
                let differs = after.iter().filter(|(field, value)| had(field) != Some(value));
                differs.map(|(field, value)| FieldChange { field, before: had(field), after: Some(value) }).collect()
            }
            (Some(before), None) => {
                before.iter().map(|(field, value)| FieldChange { field, before: Some(value), after: None }).collect()
            }
            (None, None) => Vec::new(),
        }
    }

    /// True if executing `self` is what was shown as `shown`.
    ///
    /// A change that was shown as expected may find another `before`, because earlier stages ran in between; what it does
    /// and what it leads to must be the same.
    pub fn is_what_was_shown(&self, shown: &Change) -> bool {
        match &shown.certainty {
            Certainty::Deferred(_) => self.id() == shown.id(),
            // A reset may add to a return what its options ask for, such as wiping a disk.
            Certainty::Exact if self.action == Action::Return => {
                shown.action == Action::Return && self.id() == shown.id() && self.after() == shown.after()
            }
            Certainty::Exact => {
                self.id() == shown.id()
                    && self.resource == shown.resource
                    && self.action == shown.action
                    && self.before == shown.before
            }
            Certainty::Expected => self.id() == shown.id() && self.resource == shown.resource,
        }
    }
}

/// The change that leads from `have` to what `resource` wants; `None` if nothing is left to do.
///
/// Only wanted fields are compared: what a role does not care about may be anything.
pub fn diff(resource: &Resource, have: Option<&Fields>) -> Option<Change> {
    let action = match (&resource.want, have) {
        (None, None) => return None,
        (None, Some(_)) => Action::Remove,
        (Some(_), None) => Action::Create,
        (Some(want), Some(have)) if want.iter().all(|(field, value)| have.get(field) == Some(value)) => return None,
        (Some(_), Some(_)) => Action::Update,
    };
    Some(Change { resource: resource.clone(), action, before: have.cloned(), certainty: Certainty::Exact, no_undo: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Resource {
        Resource::present("file", "/etc/motd").field("content", "hello\n").field("mode", "0644")
    }

    #[test]
    fn what_is_as_wanted_needs_no_change() {
        let mut have = file().want.unwrap();
        have.insert("owner".into(), "root".into());
        assert_eq!(diff(&file(), Some(&have)), None);
        assert_eq!(diff(&Resource::absent("file", "/x"), None), None);
    }

    #[test]
    fn only_the_field_that_differs_is_shown() {
        let mut have = file().want.unwrap();
        have.insert("mode".into(), "0600".into());
        let change = diff(&file(), Some(&have)).unwrap();
        assert_eq!(change.action, Action::Update);
        let fields: Vec<_> = change.fields().iter().map(|f| f.field).collect();
        assert_eq!(fields, ["mode"]);
    }

    #[test]
    fn create_and_remove() {
        assert_eq!(diff(&file(), None).unwrap().action, Action::Create);
        let gone = diff(&Resource::absent("file", "/x"), Some(&Fields::new())).unwrap();
        assert_eq!(gone.action, Action::Remove);
    }

    #[test]
    fn an_expected_change_may_find_another_before() {
        let mut shown = diff(&file(), None).unwrap();
        shown.certainty = Certainty::Expected;
        let found = diff(&file(), Some(&Fields::new())).unwrap();
        assert!(found.is_what_was_shown(&shown));
        shown.certainty = Certainty::Exact;
        assert!(!found.is_what_was_shown(&shown));
    }
}
