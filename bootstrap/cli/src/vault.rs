//! The region's secrets as the engine needs them: the age file, opened, with what is missing made in memory.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use regionctl_engine::KeepError;
use regionctl_plan::Plan;
use regionctl_roles::is_recovery_key;
use regionctl_roles::secrets::{Known, SEAL_KEY, ensure, known, wanted};
use regionctl_roles::vpn::{self, VpnError};
use regionctl_secrets::{MAX_BYTES, Made, Secret, Secrets, SecretsError, Why, fingerprint};

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
    made: Mutex<Vec<Made>>,
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

    /// Opens the file, if the region needs secrets, and makes what is missing. Nothing is written before a run begins its work.
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
        let due = |name: &str| made.iter().any(|made| made.name == name && matches!(made.why, Why::Expiring | Why::NotYet));
        let ends = ends.into_iter().map(|(name, at)| End { due: due(&name), name, at }).collect();
        Ok(Self {
            file: region.secrets_file(),
            secrets: Some(Mutex::new(secrets)),
            made: Mutex::new(made),
            ends,
            leavers,
            kept_out,
        })
    }

    /// The file opened for looking at what it proves; closed, and said so, if it cannot be.
    pub fn open_if_there(region: &Region, identity: &[PathBuf], output: &Output) -> Self {
        if !region.secrets_file().exists() {
            return Self::closed(region);
        }
        Self::open(region, identity).unwrap_or_else(|failure| {
            let style = output.err();
            let why = failure.message;
            output.say(&format!("{} nothing is proven: {why}\n", style.paint(style.warning, "warning:")));
            Self::closed(region)
        })
    }

    /// What ends by itself.
    pub fn ends(&self) -> &[End] {
        &self.ends
    }

    /// What resources speak of.
    pub fn known(&self) -> Known {
        self.with(known).unwrap_or_default()
    }

    /// What an install will make.
    fn notes(&self) -> Vec<String> {
        let made = self.made();
        let note = |why: Why, what: &str| {
            let names: Vec<_> = made.iter().filter(|made| made.why == why).map(|made| made.name.as_str()).collect();
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

    /// True if there is something to keep.
    pub fn is_changed(&self) -> bool {
        !self.made().is_empty()
    }

    fn made(&self) -> MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
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
        regionctl_files::read(&self.file, MAX_BYTES).ok()
    }

    fn is_new(&self, name: &str) -> bool {
        self.made().iter().any(|made| made.name == name && made.why == Why::Missing)
    }

    /// A disk's key is kept only when its disk was looked at: it may be encrypted already, with a key that was lost.
    fn planned(&self, plan: &Plan) -> Vec<String> {
        let used = plan.secrets();
        let needless = |made: &Made| is_recovery_key(&made.name) && !used.contains(&made.name);
        let gone: Vec<_> = self.made().extract_if(.., |made| needless(made)).collect();
        if let Some(secrets) = &self.secrets {
            let mut secrets = secrets.lock().unwrap_or_else(PoisonError::into_inner);
            gone.iter().for_each(|made| secrets.remove(&made.name));
        }
        self.notes()
    }

    fn keep(&self) -> Result<(), KeepError> {
        let Some(secrets) = self.secrets.as_ref().filter(|_| self.is_changed()) else { return Ok(()) };
        Ok(secrets.lock().unwrap_or_else(PoisonError::into_inner).save()?)
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

#[cfg(test)]
mod tests {
    use regionctl_engine::Secrets as _;
    use regionctl_plan::{HostStage, Resource, SecretRef, Stage};
    use regionctl_secrets::Recipient;

    use super::*;
    use crate::render::samples;

    fn vault(names: &[&str]) -> Result<Vault, SecretsError> {
        let mut secrets = Secrets::create(Path::new("/nowhere/secrets.age"), vec![Recipient::parse(samples::RECIPIENT)?])?;
        let mut put = |name: &&str| {
            let version = secrets.put(name, Secret::new("made".to_owned()), None)?;
            Ok(Made { name: (*name).to_owned(), version, why: Why::Missing })
        };
        let made = names.iter().map(&mut put).collect::<Result<_, SecretsError>>()?;
        Ok(Vault { secrets: Some(Mutex::new(secrets)), made: Mutex::new(made), ..Vault::default() })
    }

    #[test]
    fn the_key_of_a_disk_that_nobody_looked_at_is_not_kept() -> Result<(), SecretsError> {
        let vault = vault(&["disks/a/data", "disks/b/data", "vpn/ca/key"])?;
        let key = SecretRef { name: "disks/a/data".into(), version: 1 };
        let disk = Resource::present("luks", "data").param("key", key.to_string()).speaks_of(&key);
        let on = HostStage { wanted: vec![disk], changes: Vec::new() };
        let stage = Stage { layer: "base".into(), hosts: [("a".to_owned(), on)].into() };
        let plan = Plan { stages: vec![stage], ..samples::first() };

        assert_eq!(vault.planned(&plan), ["2 secrets will be made: disks/a/data, vpn/ca/key"]);
        assert_eq!(vault.known().versions.into_keys().collect::<Vec<_>>(), ["disks/a/data", "vpn/ca/key"]);
        assert!(vault.is_new("disks/a/data") && !vault.is_new("disks/b/data"));
        Ok(())
    }
}
