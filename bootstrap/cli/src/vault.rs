//! The region's secrets as the engine needs them: the age file, opened, with what is missing made in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use regionctl_roles::secrets::{SEAL_KEY, ensure, wanted};
use regionctl_roles::vpn::{self, VpnError};
use regionctl_secrets::{Made, Secret, Secrets, SecretsError, Why, fingerprint};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::region::{self, Region};
use crate::render::words::{count, list};

/// See the module.
#[derive(Default)]
pub struct Vault {
    file: PathBuf,
    /// `None`: the region needs none, or whoever asks does not.
    secrets: Option<Mutex<Secrets>>,
    made: Vec<Made>,
    ends: Vec<End>,
    leavers: Vec<String>,
    kept_out: Vec<String>,
}

/// When a secret ends by itself, as the file has it.
pub struct End {
    /// The entry.
    pub name: String,
    /// In seconds since 1970.
    pub at: u64,
    /// True if it is needed and its time is nearly over, or over: the next install makes another.
    pub due: bool,
}

impl Vault {
    /// For verbs that compare nothing.
    pub fn closed(region: &Region) -> Self {
        Self { file: region.secrets_file(), ..Self::default() }
    }

    /// Opens the file, if the region needs secrets, and makes what is missing. Nothing is written before [`Vault::save`].
    ///
    /// # Errors
    /// The file cannot be opened, or what is missing cannot be made.
    pub fn open(region: &Region, identity: &[PathBuf]) -> Result<Self, Failure> {
        if wanted(&region.inventory.region).is_empty() {
            return Ok(Self::closed(region));
        }
        let mut secrets = open(region, identity)?;
        let ends: Vec<_> = secrets.entries().filter_map(|(name, entry)| Some((name.to_owned(), entry.expires?))).collect();
        let (inventory, refused) = (&region.inventory.region, |error| vpn_failure(&error));
        let users = |look: fn(&_, &_) -> _| inventory.spec.vpn.as_ref().map_or(Ok(Vec::new()), |vpn| look(vpn, &secrets));
        let leavers = users(vpn::leavers).map_err(refused)?;
        let kept_out = users(vpn::kept_out).map_err(refused)?;
        let made = ensure(inventory, &mut secrets, SystemTime::now()).map_err(refused)?;
        let due = |name: &str| made.iter().any(|made| made.name == name && made.why == Why::Expiring);
        let ends = ends.into_iter().map(|(name, at)| End { due: due(&name), name, at }).collect();
        Ok(Self { file: region.secrets_file(), secrets: Some(Mutex::new(secrets)), made, ends, leavers, kept_out })
    }

    /// What ends by itself.
    pub fn ends(&self) -> &[End] {
        &self.ends
    }

    /// The versions that resources speak of.
    pub fn versions(&self) -> BTreeMap<String, u64> {
        self.with(|secrets| secrets.entries().map(|(name, entry)| (name.to_owned(), entry.version)).collect()).unwrap_or_default()
    }

    /// What an install will make, for a plan's notes.
    pub fn notes(&self) -> Vec<String> {
        let note = |why: Why, what: &str| {
            let names: Vec<_> = self.made.iter().filter(|made| made.why == why).map(|made| made.name.as_str()).collect();
            (!names.is_empty()).then(|| format!("{} will be {what}: {}", count(names.len(), "secret"), list(&names, 12)))
        };
        let whys = [
            (Why::Missing, "made"),
            (Why::Expiring, "renewed before the old one is over"),
            (Why::Changed, "made anew because it says something else now"),
            (Why::Source, "made anew because what it was made with is another"),
        ];
        let leaves = |name: &String| {
            format!("the VPN's user `{name}` is no longer in the inventory: every certificate of theirs will be revoked")
        };
        let out = |name: &String| {
            format!("the VPN's user `{name}` is in the inventory, but was revoked and stays out: `regionctl vpn user add {name}`")
        };
        let users = self.leavers.iter().map(leaves).chain(self.kept_out.iter().map(out));
        whys.into_iter().filter_map(|(why, what)| note(why, what)).chain(users).collect()
    }

    /// The VPN's users whom saving revokes, because the inventory lists them no more.
    pub fn leavers(&self) -> &[String] {
        &self.leavers
    }

    /// True if there is something to save.
    pub fn is_changed(&self) -> bool {
        !self.made.is_empty()
    }

    /// Writes what was made.
    ///
    /// # Errors
    /// The file was changed by somebody else, or cannot be written.
    pub fn save(&self, output: &Output) -> Result<(), Failure> {
        let Some(secrets) = self.secrets.as_ref().filter(|_| self.is_changed()) else { return Ok(()) };
        secrets.lock().unwrap_or_else(PoisonError::into_inner).save().map_err(|error| failure(&error))?;
        output.say(&format!("kept {} in `{}`\n", count(self.made.len(), "new secret"), self.file.display()));
        Ok(())
    }

    fn with<T>(&self, look: impl FnOnce(&Secrets) -> T) -> Option<T> {
        self.secrets.as_ref().map(|secrets| look(&secrets.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl regionctl_engine::Secrets for Vault {
    fn get(&self, name: &str, version: u64) -> Option<Secret<String>> {
        self.with(|secrets| secrets.get(name).filter(|entry| entry.version == version).map(|entry| entry.value.clone()))?
    }

    fn fingerprint(&self, text: &str) -> Option<String> {
        self.with(|secrets| secrets.get(SEAL_KEY).map(|key| fingerprint(&key.value, text)))?
    }

    fn sealed(&self) -> Option<Vec<u8>> {
        self.secrets.as_ref()?;
        std::fs::read(&self.file).ok()
    }

    fn is_new(&self, name: &str) -> bool {
        self.made.iter().any(|made| made.name == name && made.why == Why::Missing)
    }

    fn recipients(&self) -> Option<usize> {
        self.with(|secrets| secrets.recipients().len())
    }
}

/// Opens the region's secrets.
///
/// # Errors
/// There is no file yet, or no key that fits.
pub fn open(region: &Region, identity: &[PathBuf]) -> Result<Secrets, Failure> {
    let identities = region::identities(identity).map_err(|error| failure(&error))?;
    open_file(&region.secrets_file(), &identities)
}

fn open_file(file: &Path, identities: &regionctl_secrets::Identities) -> Result<Secrets, Failure> {
    Secrets::open(file, identities).map_err(|error| failure(&error))
}

/// An error of the secrets, with its hint.
pub fn failure(error: &SecretsError) -> Failure {
    let failure = match error {
        SecretsError::Read { path, source } => Failure::file("read", path, source),
        SecretsError::Write { path, source } => Failure::file("write", path, source),
        SecretsError::Recipient(_) | SecretsError::UnknownRecipient { .. } | SecretsError::SeveralRecipients { .. } => {
            Failure::from_error(Exit::Usage, error)
        }
        _ => Failure::from_error(Exit::Local, error),
    };
    Failure { hint: error.hint(), ..failure }
}

/// An error of the VPN's users, with its hint.
pub fn vpn_failure(error: &VpnError) -> Failure {
    let exit = match error {
        VpnError::Secrets(error) => return failure(error),
        VpnError::Register => Exit::Local,
        VpnError::None => Exit::Inventory,
        _ => Exit::Usage,
    };
    Failure { hint: error.hint(), ..Failure::new(exit, error.to_string()) }
}
