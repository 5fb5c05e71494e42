//! The region that a verb works on: its inventory, its hosts as SSH sees them, and its engine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regionctl_engine::{About, Engine, Kinds, RegionFolder, Selection};
use regionctl_inventory::{Bastion, Diagnostics, Disk, Inventory, Known, Layer, MAX_BYTES, Server, parse_bytes};
use regionctl_lab::Lab;
use regionctl_roles::{Replaced, Roles};
use regionctl_secrets::{Ask, Identities, SecretsError};
use regionctl_ssh::Endpoint;

use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::leavers::{self, Leaver};
use crate::output::Output;
use crate::vault::Vault;
use crate::{lab, nearest, passphrase};

/// A region, read from its inventory. Nothing is connected yet.
#[derive(Debug)]
pub struct Region {
    /// The inventory without mistakes.
    pub inventory: Inventory,
    /// Its text.
    pub text: String,
    /// Its file.
    pub file: PathBuf,
    /// The lab that plays the region, if this process is in its network.
    pub lab: Option<Lab>,
}

impl Region {
    /// Reads and checks the inventory.
    ///
    /// # Errors
    /// The file cannot be read, or all its mistakes.
    pub fn load(file: &Path) -> Result<Self, Failure> {
        let bytes = read(file)?;
        let releases = regionctl_images::names();
        let inventory = parse_bytes(&bytes, &file.display().to_string(), &Known { releases: &releases });
        let inventory = inventory.map_err(|mistakes| Self::mistakes(&mistakes))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lab = lab::here(inventory.region.name())?;
        Ok(Self { inventory, text, file: file.to_owned(), lab })
    }

    /// All that is wrong with an inventory.
    pub fn mistakes(mistakes: &Diagnostics) -> Failure {
        Failure::new(Exit::Inventory, mistakes.to_string()).unadorned()
    }

    /// The region's name.
    pub fn name(&self) -> &str {
        self.inventory.region.name()
    }

    /// The folder with its journals and generations. A lab keeps its own, which goes away with it: a rehearsal leaves no
    /// trace in the history of the real region.
    pub fn folder(&self) -> RegionFolder {
        match &self.lab {
            Some(lab) => RegionFolder::beside(&lab.folder().join("region.yaml")),
            None => RegionFolder::beside(&self.file),
        }
    }

    /// The file with the region's secrets, beside the inventory. A lab has its own.
    pub fn secrets_file(&self) -> PathBuf {
        match &self.lab {
            Some(lab) => lab.folder().join(regionctl_secrets::FILE_NAME),
            None => self.file.with_file_name(regionctl_secrets::FILE_NAME),
        }
    }

    /// As [`Region::engine_with`], for verbs that compare nothing that holds secrets.
    ///
    /// # Errors
    /// The release is not known.
    pub fn engine(&self, contact: &args::Contact, output: &Output) -> Result<Engine, Failure> {
        self.engine_with(contact, &Arc::new(Vault::closed(self)), output)
    }

    /// The engine that asks and changes this region's servers.
    ///
    /// # Errors
    /// The release is not known.
    pub fn engine_with(&self, contact: &args::Contact, vault: &Arc<Vault>, output: &Output) -> Result<Engine, Failure> {
        self.engine_replacing(None, contact, vault, output)
    }

    /// As [`Region::engine_with`], for a run that replaces a disk.
    ///
    /// # Errors
    /// The release is not known.
    pub fn engine_replacing(
        &self,
        replaced: Option<Replaced>,
        contact: &args::Contact,
        vault: &Arc<Vault>,
        output: &Output,
    ) -> Result<Engine, Failure> {
        let servers: Vec<_> = self.inventory.region.servers().iter().collect();
        self.engine_of(&servers, replaced, contact, vault, output)
    }

    /// As [`Region::engine_with`], for these servers, which may be others than the inventory's.
    ///
    /// # Errors
    /// The release is not known.
    pub fn engine_of(
        &self,
        servers: &[&Server],
        replaced: Option<Replaced>,
        contact: &args::Contact,
        vault: &Arc<Vault>,
        output: &Output,
    ) -> Result<Engine, Failure> {
        self.may_learn(contact.accept_new)?;
        if self.lab.is_none() && Lab::open(self.name()).is_ok() {
            let note = output.err().paint(output.err().head, "note:");
            output.say(&format!("{note} this works on the real servers; a lab plays this region, `--lab` works on that\n"));
        }
        let region = &self.inventory.region;
        let roles = Roles::of(Arc::new(region.clone())).map_err(|error| Failure::from_error(Exit::Inventory, &error))?;
        let roles = roles.with_secrets(vault.known()).replacing(replaced);
        let not_available = region.not_available().into_iter().map(|what| what.to_string());
        let about = About {
            region: region.name().to_owned(),
            release: region.spec.release.clone(),
            inventory: self.text.clone(),
            inventory_digest: self.inventory.digest.clone(),
            notes: not_available.collect(),
        };
        let hosts: Vec<_> = servers.iter().map(|server| self.endpoint(server, contact.accept_new)).collect();
        passphrase::unlock(&hosts);
        let engine = Engine::new(Kinds::host(), Arc::new(roles), self.folder(), hosts, about, contact.parallel.into());
        Ok(engine.with_secrets(vault.clone()))
    }

    /// New host keys are written into the operator's own known_hosts, or into a file that belongs to the region: an inventory that
    /// somebody sent must not name another.
    fn may_learn(&self, accept_new: bool) -> Result<(), Failure> {
        let named = self.inventory.region.spec.ssh.known_hosts.as_deref().map(|written| self.path(written));
        let Some(file) = named.filter(|file| accept_new && self.lab.is_none() && *file != usual_known_hosts()) else {
            return Ok(());
        };
        if is_below(&file, self.file.parent().unwrap_or(Path::new(""))) {
            return Ok(());
        }
        let message = format!("`--accept-new` writes nothing into `{}`, which `ssh.knownHosts` names", file.display());
        Err(Failure::new(Exit::Inventory, message)
            .hint("name a file beside the inventory, without a dot at its beginning, or leave it out for `~/.ssh/known_hosts`"))
    }

    /// The servers that the region has and the inventory names no more.
    ///
    /// # Errors
    /// The region folder cannot be read.
    pub fn leavers(&self) -> Result<Vec<Leaver>, Failure> {
        leavers::of(&self.inventory.region, &self.folder()).map_err(|error| Failure::from_error(Exit::Local, &error))
    }

    /// A server as SSH reaches it.
    pub fn endpoint(&self, server: &Server, accept_new: bool) -> Endpoint {
        let ssh = &self.inventory.region.spec.ssh;
        let known_hosts = ssh.known_hosts.as_deref().map_or_else(usual_known_hosts, |path| self.path(path));
        let identity = ssh.identity_file.as_deref().map(|path| self.path(path)).or_else(usual_identity);
        let mut endpoint = Endpoint::new(server.name.as_str(), server.address.to_string(), &ssh.user, known_hosts);
        endpoint.port = server.ssh_port(ssh);
        endpoint.identity = identity;
        endpoint.agent = ssh.agent;
        endpoint.sudo = ssh.uses_sudo();
        endpoint.accept_new = accept_new;
        endpoint.bastion = ssh.bastion.as_ref().map(|bastion| Box::new(self.bastion(bastion, &endpoint)));
        if let Some(lab) = &self.lab {
            lab::adapt(&mut endpoint, lab);
        }
        endpoint
    }

    fn bastion(&self, bastion: &Bastion, server: &Endpoint) -> Endpoint {
        let mut endpoint = server.clone();
        endpoint.name = "bastion".to_owned();
        endpoint.host = bastion.host.to_string();
        endpoint.port = bastion.port;
        endpoint.sudo = false;
        if let Some(user) = &bastion.user {
            endpoint.user.clone_from(user);
        }
        if let Some(file) = &bastion.identity_file {
            endpoint.identity = Some(self.path(file));
        }
        endpoint
    }

    /// A path as the inventory means it: from its own folder, `~` is the operator's home.
    fn path(&self, written: &str) -> PathBuf {
        if let Some(rest) = written.strip_prefix("~/") {
            return home().join(rest);
        }
        self.file.parent().unwrap_or(Path::new("")).join(written)
    }

    /// The server of this name.
    ///
    /// # Errors
    /// The region has none, with the nearest one.
    pub fn server(&self, named: &str) -> Result<&Server, Failure> {
        let region = &self.inventory.region;
        region.server(named).ok_or_else(|| {
            let servers: Vec<_> = region.servers().iter().map(|server| server.name.as_str()).collect();
            let message = format!("region `{}` has no server `{named}`", region.name());
            Failure::new(Exit::Usage, message).hint(nearest::hint(named, servers))
        })
    }

    /// The server and the disk that `SERVER:DISK` names.
    ///
    /// # Errors
    /// A name that the region does not have, with the nearest one.
    pub fn disk(&self, named: &str) -> Result<(&Server, &Disk), Failure> {
        let wrong = |message: String, hint: String| Err(Failure::new(Exit::Usage, message).hint(hint));
        let Some((server, disk)) = named.split_once(':') else {
            return wrong(format!("`{named}` names no disk"), "write `SERVER:DISK`, with the names of the inventory".into());
        };
        let found = self.server(server)?;
        let Some(found_disk) = found.disk(disk) else {
            let disks: Vec<_> = found.disks.iter().map(|disk| disk.name.as_str()).collect();
            return wrong(format!("server `{server}` has no disk `{disk}` in the inventory"), nearest::hint(disk, disks));
        };
        Ok((found, found_disk))
    }

    /// The hosts and layers that the options mean.
    ///
    /// # Errors
    /// A name that the region does not have, with the nearest one.
    pub fn select(&self, asked: &args::Selection) -> Result<Selection, Failure> {
        self.select_with(asked, &[])
    }

    /// As [`Region::select`], where these servers that left can be meant, too.
    ///
    /// # Errors
    /// A name that the region does not have, with the nearest one.
    pub fn select_with(&self, asked: &args::Selection, leavers: &[Leaver]) -> Result<Selection, Failure> {
        let left = |host: &str| leavers.iter().any(|leaver| leaver.server.name == *host);
        asked.host.iter().filter(|host| !left(host)).try_for_each(|host| self.server(host).map(drop))?;
        let mut layers = BTreeSet::new();
        for name in &asked.layer {
            layers.insert(self.layer(name)?.name().to_owned());
        }
        if let Some(name) = &asked.from {
            let from = self.layer(name)?;
            let rest = self.inventory.region.requested_layers().into_iter().filter(|layer| *layer >= from && layer.available());
            layers.extend(rest.map(|layer| layer.name().to_owned()));
        }
        Ok(Selection { hosts: asked.host.iter().cloned().collect(), layers })
    }

    /// A layer that the region has and this version can do.
    fn layer(&self, name: &str) -> Result<Layer, Failure> {
        let unusable = |message: String, hint: String| Err(Failure::new(Exit::Usage, message).hint(hint));
        let Ok(layer) = name.parse::<Layer>() else {
            let names = Layer::ALL.map(Layer::name);
            return unusable(format!("there is no layer `{name}`"), nearest::hint(name, names));
        };
        if !layer.available() {
            return unusable(
                format!("layer `{name}` is not available in this version"),
                "`regionctl layers` lists those that are".into(),
            );
        }
        if !self.inventory.region.requested_layers().contains(&layer) {
            return unusable(
                format!("the inventory does not ask for layer `{name}`"),
                format!("write `spec.{name}` in `{}`", self.file.display()),
            );
        }
        Ok(layer)
    }
}

/// The inventory's bytes, not many more than an inventory may have.
///
/// # Errors
/// It cannot be read.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |error: &std::io::Error| {
        let failure = Failure { exit: Exit::Inventory, ..Failure::file("read", file, error) };
        failure.hint("`regionctl init` writes an inventory to start from; `--file` or REGIONCTL_FILE names another one")
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| failed(&error))?;
    // One byte more than allowed, so that the parser sees that it is too long.
    opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    Ok(bytes)
}

/// The private keys that open the secrets: those given, or the operator's usual ones.
///
/// # Errors
/// A given one cannot be used.
pub fn identities(given: &[PathBuf]) -> Result<Identities, SecretsError> {
    let ask: Ask = Arc::new(passphrase::answer);
    if given.is_empty() { Ok(Identities::usual(&home(), &ask)) } else { Identities::load(given, &ask) }
}

/// True if a file is in a folder or below it, wherever links lead, and nothing on the way is hidden.
fn is_below(file: &Path, folder: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else { return false };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let (Ok(folder), Ok(parent)) = (folder.canonicalize(), parent.canonicalize()) else { return false };
    let Ok(below) = parent.strip_prefix(&folder) else { return false };
    let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    !below.iter().chain([name]).any(hidden) && !file.is_symlink()
}

/// The operator's home.
pub fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"))
}

/// The known_hosts file of OpenSSH.
pub fn usual_known_hosts() -> PathBuf {
    home().join(".ssh/known_hosts")
}

/// The key file that OpenSSH would try first.
pub fn usual_identity() -> Option<PathBuf> {
    let files = ["id_ed25519", "id_ecdsa"].map(|name| home().join(".ssh").join(name));
    files.into_iter().find(|file| file.is_file())
}
