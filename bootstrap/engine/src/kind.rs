//! The contract of a resource kind: observe, read, apply, and the way back.
//!
//! A kind turns resources into POSIX shell and the shell's answer into fields. Comparing, showing, dry run, resume and
//! undo are written once for all kinds: undoing is applying the original, which the ledger kept.

use std::collections::BTreeMap;

use regionctl_plan::{Change, Fields, Resource};

/// A kind of resource.
pub trait Kind: Send + Sync {
    /// The name in [`regionctl_plan::Id::kind`].
    fn name(&self) -> &'static str;

    /// Shell that prints what is so, for all resources of this kind on a host at once.
    ///
    /// It runs in a subshell after the [prelude](crate::shell), changes nothing, and prints rows with
    /// `row NAME FIELD VALUE`, where NAME is the resource's name. It must not fail where the thing does not exist.
    fn observe(&self, resources: &[&Resource]) -> String;

    /// The state of one resource in the rows that [`Kind::observe`] printed; `None`: it does not exist.
    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields>;

    /// Shell that makes the changes true; run under `set -eu`, without standard input, in a folder of its own.
    ///
    /// Running it twice does no harm. For [`regionctl_plan::Action::Return`] the wanted state is the original, and
    /// `$KEEP` is the folder that [`Kind::keep`] filled. `changes` has one element unless [`Kind::batches`].
    fn apply(&self, changes: &[&Change]) -> String;

    /// True if consecutive changes of this kind are better applied together, as packages in one transaction.
    fn batches(&self) -> bool {
        false
    }

    /// Shell that saves into `$KEEP` what a return to the original needs beyond the observed fields; run once, before
    /// the first change. Copies stay on the host. The names `original`, `applied` and `first` are the ledger's own.
    fn keep(&self, _resource: &Resource) -> String {
        String::new()
    }

    /// The text fields that may hold secrets. Their values reach the host in a script that only root can read, never in a
    /// list of arguments, and [`Kind::observe`] prints none of them for what [holds secrets](Resource::holds_secrets).
    fn secret_fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// The parameters that may hold secrets: what a change needs and nobody observes, such as a passphrase.
    fn secret_params(&self) -> &'static [&'static str] {
        &[]
    }

    /// The fields that change by themselves, such as whether a unit that is tried again and again runs just now. A plan does not
    /// get stale by them, so [`Kind::apply`] looks at them when it runs. See also [`Resource::FLAPS`].
    fn flaps(&self) -> &'static [&'static str] {
        &[]
    }

    /// Why a change cannot be undone, where it cannot.
    fn no_undo(&self, _resource: &Resource) -> Option<String> {
        None
    }

    /// Why a change of what is there is never made, whatever the host is like just now: a plan with it is forbidden.
    fn refuses(&self, _change: &Change) -> Option<Refusal> {
        None
    }

    /// The files that its changes replace, and the folders in which they make or remove something: absolute paths, or `~USER/…` for a
    /// user's home. What [keeps even root](crate::locked) from writing there forbids a plan.
    fn writes(&self, _resource: &Resource) -> Vec<String> {
        Vec::new()
    }

    /// Shell that fails, with a message, if the change must not be made just now: the target itself checks again.
    fn guard(&self, _change: &Change) -> String {
        String::new()
    }
}

/// Why a change is never made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the [finding](regionctl_plan::Finding).
    pub finding: &'static str,
    /// What would have to change, and does not.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    /// What is there never becomes what is wanted.
    pub fn never(message: impl Into<String>) -> Self {
        Self { finding: "cannot-change", message: message.into(), hint: "write the inventory as it was there".into() }
    }
}

/// What an observe script printed for one kind: name, field, value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Rows {
    /// Reads what `row` printed; other lines are passed over.
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut rows = Self::default();
        for line in lines {
            let mut parts = line.splitn(3, '\t');
            if let (Some(name), Some(field), Some(value)) = (parts.next(), parts.next(), parts.next()) {
                rows.add(name, field, value);
            }
        }
        rows
    }

    /// Adds a row.
    pub fn add(&mut self, name: &str, field: &str, value: &str) {
        self.0.entry(name.to_owned()).or_default().entry(field.to_owned()).or_default().push(value.to_owned());
    }

    /// The first value of a field.
    pub fn get(&self, name: &str, field: &str) -> Option<&str> {
        self.all(name, field).first().map(String::as_str)
    }

    /// Every value of a field, in the order printed.
    pub fn all(&self, name: &str, field: &str) -> &[String] {
        self.0.get(name).and_then(|fields| fields.get(field)).map_or(&[], Vec::as_slice)
    }

    /// The names that were printed, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// True if anything was printed under this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The kinds that a run knows, by name.
#[derive(Default)]
pub struct Kinds(BTreeMap<&'static str, Box<dyn Kind>>);

impl Kinds {
    /// The host kinds.
    pub fn host() -> Self {
        crate::kinds::all()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(mut self, kind: impl Kind + 'static) -> Self {
        self.0.insert(kind.name(), Box::new(kind));
        self
    }

    /// The kind of this name.
    pub fn get(&self, name: &str) -> Option<&dyn Kind> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Every kind, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Kind> {
        self.0.values().map(AsRef::as_ref)
    }
}
