//! What must be true on a target: a resource is data of a kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SecretRef;

/// The comparable state of one resource: field name to value. A kind documents its fields.
pub type Fields = BTreeMap<String, Value>;

/// The name of a resource on its target, written `kind:name`, such as `file:/etc/hosts`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id {
    /// The kind, such as `file`.
    pub kind: String,
    /// The name within the kind, such as a path.
    pub name: String,
}

impl Id {
    /// The resource `name` of kind `kind`.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), name: name.into() }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

/// A text that is not of the form `kind:name`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` does not name a resource; write `kind:name`, such as `file:/etc/hosts`")]
pub struct BadId(String);

impl TryFrom<String> for Id {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        match text.split_once(':') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(Self::new(kind, name)),
            _ => Err(BadId(text.to_owned())),
        }
    }
}

/// A resource on another target, waited for before a change may run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    /// The target's name.
    pub host: String,
    /// The resource there.
    pub id: Id,
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.id, self.host)
    }
}

/// One thing that must be true on one target.
///
/// Resources of a target are applied in the order in which the roles list them; [`Resource::waits`] adds what must have
/// happened on other targets before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name on the target.
    pub id: Id,
    /// The role that wants it, such as `base/time`.
    pub role: String,
    /// The wanted state; `None`: it must not exist.
    pub want: Option<Fields>,
    /// What the kind needs to know but does not compare, such as a unit's configuration files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: Fields,
    /// What must be so on other targets before this one is touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Ref>,
    /// The secrets that it is given. Only a role adds to them: what a text says that came from a host gives nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub secrets: BTreeSet<SecretRef>,
}

impl Resource {
    /// The parameter, true, of what may cut SSH when it changes.
    pub const MAY_CUT: &str = "may_cut";
    /// The parameter, true, that a resource has while its secrets are filled in: a kind then shows nothing of what it finds.
    pub const HOLDS_SECRETS: &str = "holds_secrets";
    /// The parameter, true, of a deed of one run, which is no state that lasts: no ledger and no generation has it.
    pub const ONCE: &str = "once";
    /// The parameter that lists what does not exist any more after a change, each as `kind:name`.
    pub const TAKES: &str = "takes";
    /// The parameter of what must be so before and nothing makes so: the name of the [finding](crate::Finding) if it is not.
    pub const FINDING: &str = "finding";

    /// The parameter, true, of what is right or not by itself from one moment to the next, as whether all copies are up to date.
    pub const FLAPS: &str = "flaps";

    /// A resource that must exist; add its fields with [`Resource::field`].
    pub fn present(kind: &str, name: impl Into<String>) -> Self {
        Self {
            id: Id::new(kind, name),
            role: String::new(),
            want: Some(Fields::new()),
            params: Fields::new(),
            waits: Vec::new(),
            secrets: BTreeSet::new(),
        }
    }

    /// A resource that must not exist.
    pub fn absent(kind: &str, name: impl Into<String>) -> Self {
        Self { want: None, ..Self::present(kind, name) }
    }

    /// Wants `field` to be `value`.
    #[must_use]
    pub fn field(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.want.get_or_insert_default().insert(field.to_owned(), value.into());
        self
    }

    /// Sets a parameter, which is not compared.
    #[must_use]
    pub fn param(mut self, param: &str, value: impl Into<Value>) -> Self {
        self.params.insert(param.to_owned(), value.into());
        self
    }

    /// Waits for a resource on another target.
    #[must_use]
    pub fn wait(mut self, host: impl Into<String>, id: Id) -> Self {
        self.waits.push(Ref { host: host.into(), id });
        self
    }

    /// Gives it a secret, which its texts speak of.
    #[must_use]
    pub fn speaks_of(mut self, secret: &SecretRef) -> Self {
        self.secrets.insert(secret.clone());
        self
    }

    /// A text parameter.
    pub fn text_param(&self, param: &str) -> Option<&str> {
        self.params.get(param).and_then(Value::as_str)
    }

    /// A parameter that is a list of texts; empty if it is not set.
    pub fn list_param(&self, param: &str) -> Vec<&str> {
        let list = self.params.get(param).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// True if a change of it may cut SSH, which the parameter [`Resource::MAY_CUT`] says.
    pub fn may_cut_ssh(&self) -> bool {
        self.params.get(Self::MAY_CUT) == Some(&true.into())
    }

    /// True if no ledger and no generation has it, which the parameter [`Resource::ONCE`] says.
    pub fn is_once(&self) -> bool {
        self.params.get(Self::ONCE) == Some(&true.into())
    }

    /// True if it changes by itself, which the parameter [`Resource::FLAPS`] says.
    pub fn flaps(&self) -> bool {
        self.params.get(Self::FLAPS) == Some(&true.into())
    }

    /// True if its secrets are filled in, or would be if they were known.
    pub fn holds_secrets(&self) -> bool {
        self.params.get(Self::HOLDS_SECRETS) == Some(&true.into())
    }

    /// A wanted text field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.want.as_ref()?.get(field)?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_journal() {
        let id: Id = "mount:/srv/a:b".parse().unwrap();
        assert_eq!((id.kind.as_str(), id.name.as_str()), ("mount", "/srv/a:b"));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"mount:/srv/a:b\"");
        assert_eq!(serde_json::from_str::<Id>(&json).unwrap(), id);
        assert!("file".parse::<Id>().is_err());
        assert!(serde_json::from_str::<Id>("\":x\"").is_err());
    }
}
