//! Secrets in resources: references everywhere, values only in a script on its way to a host.
//!
//! A reference is filled in just before a kind writes its shell, and what was observed is sealed just after a kind has read
//! it: a field that is as it should be is its reference again, any other is a digest under the region's key. So plans,
//! ledgers, journals and generations never hold a secret, nor a plain digest of one, against which guesses could be tried.
//!
//! A resource is filled in with the secrets that its role gave it and with no other, whatever its texts say: some of them came
//! from a host. What goes back is given none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use regionctl_plan::{Action, Change, Fields, Plan, Resource, SecretRef, sha256};
use regionctl_secrets::Secret;
use serde_json::Value;

use crate::kind::Kinds;
use crate::planner::HostView;

/// What stands for the value of a secret field that is not as wanted.
const SEALED: &str = "hmac:";
/// The same where the region has no key to tell one value from another.
const DIFFERS: &str = "(differs)";
/// Shorter lines of a secret say nothing by themselves, and are in many texts.
const TELLING: usize = 12;

/// The region's secrets, as the engine needs them.
pub trait Secrets: Send + Sync {
    /// The value of this version; `None` if there is no such secret or only another version of it.
    fn get(&self, name: &str, version: u64) -> Option<Secret<String>>;

    /// A digest under the region's key, in hexadecimal: who has no key cannot try values. `None`: there is no key.
    fn fingerprint(&self, text: &str) -> Option<String>;

    /// What only who holds the region's key can have written of a text; `of` says what it is a proof of, so that one made for
    /// something else is none. `None`: there is no key.
    fn proof(&self, of: &str, text: &str) -> Option<String> {
        self.fingerprint(&format!("regionctl {of}\n{text}"))
    }

    /// The encrypted file as it is on disk, for the hosts to keep. `None`: there is none.
    fn sealed(&self) -> Option<Vec<u8>>;

    /// True if there was no such secret until now, and it was made in memory.
    fn is_new(&self, _name: &str) -> bool {
        false
    }

    /// Told of a plan before it is shown: what was made in memory and is nobody's to keep for this plan is forgotten, and what is
    /// to be said of the rest is given for the plan's notes.
    fn planned(&self, _plan: &Plan) -> Vec<String> {
        Vec::new()
    }

    /// Keeps what was made in memory; called once in a run, before its first change: what is on a host and in no file would be
    /// lost.
    ///
    /// # Errors
    /// What was made cannot be kept, and the run does not begin.
    fn keep(&self) -> Result<(), KeepError> {
        Ok(())
    }

    /// How many keys open the file. `None`: there is none, or nobody looked.
    fn recipients(&self) -> Option<usize> {
        None
    }
}

/// Why secrets cannot be kept, in the words of who keeps them.
pub type KeepError = Box<dyn std::error::Error + Send + Sync>;

/// A region without secrets.
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _name: &str, _version: u64) -> Option<Secret<String>> {
        None
    }

    fn fingerprint(&self, _text: &str) -> Option<String> {
        None
    }

    fn sealed(&self) -> Option<Vec<u8>> {
        None
    }
}

/// Why a secret cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The secrets file has no such version.
    #[error("`{id}` needs version {} of the secret `{}`, which is not in the secrets file", secret.version, secret.name)]
    Unknown {
        /// The resource.
        id: String,
        /// What it needs.
        secret: SecretRef,
    },
    /// A text speaks of a secret that no role gave the resource.
    #[error("`{id}` speaks of the secret `{}`, which no role gives it", secret.name)]
    NotGiven {
        /// The resource.
        id: String,
        /// What its text speaks of.
        secret: SecretRef,
    },
    /// A kind that keeps no secrets, or a field in which it keeps none.
    #[error("`{id}` cannot hold the secret `{}` in `{field}`", secret.name)]
    Misplaced {
        /// The resource.
        id: String,
        /// The field or parameter.
        field: String,
        /// What was put there.
        secret: SecretRef,
    },
}

/// Fills in and seals.
pub(crate) struct Vault {
    secrets: Arc<dyn Secrets>,
    /// What was behind a seal, in this process only: a guard on the host needs the plain digest.
    behind: Mutex<BTreeMap<String, String>>,
}

impl Vault {
    pub(crate) fn new(secrets: Arc<dyn Secrets>) -> Self {
        Self { secrets, behind: Mutex::default() }
    }

    pub(crate) fn secrets(&self) -> &dyn Secrets {
        self.secrets.as_ref()
    }

    pub(crate) fn sealed_file(&self) -> Option<Vec<u8>> {
        self.secrets.sealed()
    }

    pub(crate) fn is_new(&self, name: &str) -> bool {
        self.secrets.is_new(name)
    }

    pub(crate) fn planned(&self, plan: &Plan) -> Vec<String> {
        self.secrets.planned(plan)
    }

    pub(crate) fn keep(&self) -> Result<(), KeepError> {
        self.secrets.keep()
    }

    pub(crate) fn recipients(&self) -> Option<usize> {
        self.secrets.recipients()
    }

    fn value(&self, secret: &SecretRef) -> Option<String> {
        self.secrets.get(&secret.name, secret.version).map(|value| value.reveal().clone())
    }

    /// A text of a resource with the values of the secrets that the resource is given.
    fn fill(&self, resource: &Resource, text: &str) -> Result<String, SecretError> {
        let given = |secret: &SecretRef| resource.secrets.contains(secret);
        SecretRef::fill(text, |secret| self.value(secret).filter(|_| given(secret))).map_err(|secret| {
            let id = resource.id.to_string();
            if given(&secret) { SecretError::Unknown { id, secret } } else { SecretError::NotGiven { id, secret } }
        })
    }

    /// A resource as it is observed: with its secrets, as far as they are known. An old version often is not: then the
    /// field is just not as it should be.
    pub(crate) fn filled(&self, kinds: &Kinds, resource: &Resource) -> Resource {
        let mut filled = resource.clone();
        for field in secret_fields(kinds, resource) {
            let Some(text) = resource.text(field) else { continue };
            if let Ok(text) = self.fill(resource, text) {
                filled = filled.field(field, text);
            }
            filled = filled.param(Resource::HOLDS_SECRETS, true);
        }
        filled
    }

    /// What was observed of `filled`, as it may be shown and kept; `resource` is the same with references.
    pub(crate) fn seal(&self, kinds: &Kinds, resource: &Resource, filled: &Resource, have: &mut Fields) {
        for field in secret_fields(kinds, resource) {
            let Some(found) = have.get_mut(field) else { continue };
            let as_wanted = filled.text(field) != resource.text(field) && found.as_str() == filled.text(field);
            *found = match resource.text(field) {
                Some(reference) if as_wanted => reference.into(),
                _ => self.sealed(found).into(),
            };
        }
    }

    /// Seals what held a secret when it was last applied, and is wanted without one now.
    pub(crate) fn seal_former(&self, kinds: &Kinds, view: &mut HostView) {
        for entry in &view.ledger {
            let Some(Some(have)) = view.have.get_mut(&entry.resource.id) else { continue };
            for field in secret_fields(kinds, &entry.resource) {
                if let Some(found) = have.get_mut(field).filter(|found| !found.as_str().is_some_and(stands_for_secret)) {
                    *found = self.sealed(found).into();
                }
            }
        }
    }

    fn sealed(&self, found: &Value) -> String {
        let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        // Never a text of the host's own choice: what the key signs otherwise would be to be had by asking.
        let is_digest = |hex: &&str| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digest = text.strip_prefix("sha256:").filter(is_digest).map_or_else(|| sha256(text.as_bytes()), str::to_owned);
        let Some(fingerprint) = self.secrets.fingerprint(&digest) else { return DIFFERS.to_owned() };
        let sealed = format!("{SEALED}{fingerprint}");
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).insert(sealed.clone(), format!("sha256:{digest}"));
        sealed
    }

    /// A change as it is written into a script.
    ///
    /// # Errors
    /// A secret is not known, or stands where the kind keeps none.
    pub(crate) fn change(&self, kinds: &Kinds, change: &Change) -> Result<Change, SecretError> {
        let mut real = change.clone();
        let before = real.before.iter_mut().flatten().map(|(_, value)| value);
        let behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        for value in before {
            if let Some(digest) = value.as_str().and_then(|text| behind.get(text)) {
                *value = digest.as_str().into();
            }
        }
        // The way back needs the copies that the host kept, and is known from that host's ledger only.
        if change.action == Action::Return {
            return Ok(real);
        }
        let resource = &change.resource;
        let params = secret_params(kinds, resource);
        for (param, text) in &params {
            real.resource = real.resource.param(param, self.fill(resource, text)?).param(Resource::HOLDS_SECRETS, true);
        }
        let fields = secret_fields(kinds, resource);
        for field in &fields {
            let Some(text) = resource.text(field) else { continue };
            real.resource = real.resource.field(field, self.fill(resource, text)?).param(Resource::HOLDS_SECRETS, true);
        }
        let others = resource.want.iter().flatten().filter(|(field, _)| !fields.contains(&field.as_str()));
        let other_params = resource.params.iter().filter(|(name, _)| !params.iter().any(|(param, _)| param == name));
        for (field, value) in others.chain(other_params) {
            if let Some(secret) = in_value(value).into_iter().next() {
                return Err(SecretError::Misplaced { id: change.id().to_string(), field: field.clone(), secret });
            }
        }
        Ok(real)
    }

    /// Hides the secrets of these changes in what a host says.
    pub(crate) fn mask<'a>(&self, changes: impl IntoIterator<Item = &'a Change>) -> Mask {
        let mut words = BTreeSet::new();
        for secret in changes.into_iter().flat_map(|change| &change.resource.secrets) {
            let Some(value) = self.value(secret) else { continue };
            let lines = value.lines().map(str::trim).filter(|line| line.len() >= TELLING && !line.starts_with("-----"));
            words.extend(lines.chain([value.trim()]).filter(|word| !word.is_empty()).map(str::to_owned));
        }
        let mut words: Vec<_> = words.into_iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Mask(words)
    }
}

/// Hides secrets in texts.
pub(crate) struct Mask(Vec<String>);

impl Mask {
    pub(crate) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, word| text.replace(word, "***"))
    }
}

/// True for what stands for a value and is none.
pub(crate) fn stands_for_secret(text: &str) -> bool {
    text.starts_with(SEALED) || text == DIFFERS || !SecretRef::all(text).is_empty()
}

/// The parameters that speak of secrets, among those in which the kind keeps some, with their text.
fn secret_params<'a>(kinds: &Kinds, resource: &'a Resource) -> Vec<(&'static str, &'a str)> {
    let keeps = kinds.get(&resource.id.kind).map_or(&[][..], |kind| kind.secret_params());
    let text = |param: &&'static str| Some((*param, resource.text_param(param)?));
    keeps.iter().filter_map(text).filter(|(_, text)| !SecretRef::all(text).is_empty()).collect()
}

/// The wanted fields that speak of secrets, among those in which the kind keeps some.
fn secret_fields<'a>(kinds: &Kinds, resource: &'a Resource) -> Vec<&'a str> {
    let keeps = kinds.get(&resource.id.kind).map_or(&[][..], |kind| kind.secret_fields());
    let speaks = |(field, value): (&'a String, &'a Value)| (!in_value(value).is_empty()).then_some(field.as_str());
    resource.want.iter().flatten().filter_map(speaks).filter(|field| keeps.contains(field)).collect()
}

fn in_value(value: &Value) -> Vec<SecretRef> {
    match value {
        Value::String(text) => SecretRef::all(text),
        Value::Array(values) => values.iter().flat_map(in_value).collect(),
        Value::Object(values) => values.values().flat_map(in_value).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
