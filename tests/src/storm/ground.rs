//! The region that storms pass over.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use regionctl_plan::What;

use super::look::{self, Looks};
use super::root_disk::RootDisk;
use super::run;
use super::verbs::Verb;
use crate::place::lab_folder;
use crate::region::{Failed, LabRegion, until, want};

/// How long a region may take after a storm until it is as it was: healing, units that try again, the gateway's way home.
const SETTLES: u64 = 180;

/// Debian packages by host.
pub type Packages = BTreeMap<String, Vec<String>>;

/// See the module. The order of the fields is that in which they go.
pub struct Ground {
    root_disk: Option<RootDisk>,
    /// The region.
    pub region: LabRegion,
    /// Its name.
    pub name: &'static str,
    /// Its document, as it is between storms.
    pub document: String,
    /// Its hosts.
    pub hosts: &'static [&'static str],
    /// The host whose root file system is its own.
    pub own_root: Option<&'static str>,
    /// What is installed by hand on servers before anything else.
    packages: Packages,
    /// Files that were written to `/srv/data`, as `sha256sum` lists them.
    sums: String,
}

impl Ground {
    /// Brings the lab up, with fresh servers.
    ///
    /// # Errors
    /// It does not come up.
    pub fn up(
        name: &'static str,
        document: String,
        hosts: &'static [&'static str],
        own_root: Option<&'static str>,
    ) -> Result<Self, Failed> {
        let region = LabRegion::planned(&document)?;
        let mut ground =
            Self { root_disk: None, region, name, document, hosts, own_root, packages: Packages::new(), sums: String::new() };
        ground.anew()?;
        Ok(ground)
    }

    /// Fresh servers again, so that one failure does not look like twenty.
    ///
    /// # Errors
    /// The lab does not come up.
    pub fn anew(&mut self) -> Result<(), Failed> {
        self.sums.clear();
        self.root_disk = None;
        if let Some(host) = self.own_root {
            RootDisk::clear(self.name, host);
        }
        self.region.write(&self.document)?;
        self.region.ok(&["lab", "down"])?;
        if let Some(host) = self.own_root {
            self.root_disk = Some(RootDisk::make(self.name, host, Path::new(&self.region.path("root.img")))?);
        }
        self.region.ok(&["lab", "up"])?;
        self.region.keys()?;
        self.install_by_hand()
    }

    /// Installs packages by hand, now and on every fresh server later.
    ///
    /// # Errors
    /// apt fails.
    pub fn prepare(&mut self, packages: Packages) -> Result<(), Failed> {
        self.packages = packages;
        self.install_by_hand()
    }

    fn install_by_hand(&self) -> Result<(), Failed> {
        const APT: &str =
            "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq -y --no-install-recommends install";
        self.on_all(|host| match self.packages.get(host) {
            Some(packages) => format!("{APT} {} >/dev/null", packages.join(" ")),
            None => ":".into(),
        })
        .map(drop)
    }

    /// The packages that the last undisturbed run installed.
    ///
    /// # Errors
    /// Its events cannot be read.
    pub fn installed_packages(&self) -> Result<Packages, Failed> {
        let mut packages = Packages::new();
        for event in self.region.events("undisturbed.ndjson")? {
            if let What::ChangeDone { host, id, .. } = event.what
                && id.kind == "package"
            {
                packages.entry(host).or_default().push(id.name);
            }
        }
        Ok(packages)
    }

    /// What is on the hosts now.
    ///
    /// # Errors
    /// A host does not answer.
    pub fn look(&self) -> Result<Looks, Failed> {
        let script = look::script();
        let seen = self.on_all(|_| script.clone())?;
        Ok(seen.into_iter().map(|(host, seen)| (host, look::without_own(&seen))).collect())
    }

    /// Digests of what the VPN and the volumes prove themselves by, which every host must have alike but for its own certificate.
    ///
    /// # Errors
    /// Two hosts have different ones, or a host does not answer.
    pub fn keys(&self) -> Result<BTreeMap<String, String>, Failed> {
        // Debian 12 keeps those of Gluster elsewhere than Debian 13.
        let files = "for file in /etc/openvpn/server/*.crt /etc/openvpn/server/*.pem /etc/ssl/glusterfs.[cp]* /usr/lib/ssl/glusterfs.[cp]*; do [ ! -e \"$file\" ] || echo \"$(sha256sum <\"$file\") ${file##*/}\"; done";
        let keys = self.on_all(|_| files.into())?;
        for (what, ends) in [("VPN", &["-ca.crt", "-crl.pem"][..]), ("volumes", &[" glusterfs.ca"])] {
            let shared = |line: &&str| ends.iter().any(|end| line.ends_with(end));
            let of_host = |text: &String| text.lines().filter(shared).map(str::to_owned).collect::<Vec<_>>();
            let mut all: Vec<_> = keys.values().map(of_host).filter(|shared| !shared.is_empty()).collect();
            all.dedup();
            want(all.len() < 2, || {
                format!("the servers of the {what} have different authorities or revocation lists: {keys:?}")
            })?;
        }
        Ok(keys)
    }

    /// What is there once two looks are the same: one alone may meet Gluster in the middle of something.
    ///
    /// # Errors
    /// No two are.
    pub fn settled(&self) -> Result<Looks, Failed> {
        let mut last = self.look()?;
        until(120, "two looks that are the same", || match self.look() {
            Ok(look) if look == last => true,
            Ok(look) => {
                last = look;
                false
            }
            Err(_) => false,
        })?;
        Ok(last)
    }

    /// Runs shell on every host at once, and gives what it printed.
    fn on_all(&self, script: impl Fn(&str) -> String) -> Result<BTreeMap<String, String>, Failed> {
        std::thread::scope(|scope| {
            let ask = |host: &&'static str| (*host, script(host));
            let asked: Vec<_> = self.hosts.iter().map(ask).collect();
            let asked: Vec<_> =
                asked.into_iter().map(|(host, script)| (host, scope.spawn(move || self.region.on(host, &script)))).collect();
            let answers = asked.into_iter().map(|(host, answer)| {
                let said = answer.join().map_err(|_| format!("{host}: asking it ended in a panic"))??;
                Ok((host.to_owned(), said))
            });
            answers.collect()
        })
    }

    /// Waits until the hosts are as they are wanted, and still are when they are looked at again.
    ///
    /// # Errors
    /// They are not; with what differs.
    pub fn becomes(&self, wanted: &Looks, when: &str) -> Result<(), Failed> {
        let (mut compared, mut was) = (Ok(()), false);
        let waited = until(SETTLES, "the region to settle", || {
            compared = self.look().and_then(|seen| look::compare(wanted, &seen, when));
            std::mem::replace(&mut was, compared.is_ok()) && was
        });
        waited.map_err(|error| format!("{error}: {}", compared.err().unwrap_or_default()))
    }

    /// Waits until every host answers.
    ///
    /// # Errors
    /// One does not.
    pub fn answers(&self) -> Result<(), Failed> {
        let answers = |host: &&str| until(120, &format!("{host} to answer"), || self.region.on(host, "true").is_ok());
        self.hosts.iter().try_for_each(answers)
    }

    /// Runs a verb undisturbed, with the document that it is for; gives when each of its events came.
    ///
    /// # Errors
    /// It does not end well.
    pub fn undisturbed(&self, verb: &Verb) -> Result<Vec<Duration>, Failed> {
        self.first(verb)?;
        run::undisturbed(&self.region, verb.arguments)
    }

    /// What comes before a verb.
    ///
    /// # Errors
    /// It fails.
    pub fn first(&self, verb: &Verb) -> Result<(), Failed> {
        self.region.write(&verb.document(&self.document))?;
        match verb.first {
            super::verbs::First::Verb(words) => self.region.ok(&[&["--lab"], words].concat()).map(drop),
            _ => Ok(()),
        }
    }

    /// Writes a file that must outlive every storm, if there is a volume. A volume that was full takes nothing until Gluster looks
    /// again how much room there is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_data(&mut self, number: usize) -> Result<(), Failed> {
        let Some(host) = self.hosts.first().filter(|_| self.has_volume()) else { return Ok(()) };
        let file = format!("/srv/data/storm-{number}");
        // Where a reset had unmounted the volume, a file that filled it is still on its bricks.
        let write = format!("rm -f /srv/data/full; head -c 2000000 /dev/urandom >{file} && sync {file} && sha256sum {file}");
        let mut written = Ok(String::new());
        let waited = until(60, "a volume that takes a file", || {
            written = self.region.on(host, &write);
            written.is_ok()
        });
        self.sums += &written?;
        waited
    }

    /// Every file that was written is still there.
    ///
    /// # Errors
    /// Which is not.
    pub fn has_data(&self) -> Result<(), Failed> {
        let Some(host) = self.hosts.last().filter(|_| self.has_volume()) else { return Ok(()) };
        self.region.on(host, &format!("sha256sum --quiet -c - <<'END'\n{}END", self.sums)).map(drop)
    }

    /// Whether the region has a volume at `/srv/data`.
    pub fn has_volume(&self) -> bool {
        self.document.contains("path: /srv/data")
    }

    /// The end of the newest journal.
    pub fn journal(&self) -> String {
        let runs = lab_folder(self.name).join(".regionctl/runs");
        let files = std::fs::read_dir(&runs).into_iter().flatten().flatten().map(|entry| entry.path());
        let Some(newest) = files.filter(|path| path.extension().is_some_and(|end| end == "ndjson")).max() else {
            return format!("no journal in {}", runs.display());
        };
        let text = std::fs::read_to_string(&newest).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
        format!("{}:\n{}", newest.display(), tail.join("\n"))
    }

    /// Runs a verb again after a storm, twice at most, until it ends well.
    ///
    /// # Errors
    /// It does not; with what each run said.
    pub fn again(&self, arguments: &[&str], said: &mut Vec<String>) -> Result<(), Failed> {
        for again in ["again", "once-more"] {
            let ended = run::Run::begin(&self.region, arguments, again, None)?.end()?;
            said.push(ended.said);
            if ended.ok {
                return Ok(());
            }
        }
        want(false, || "two more runs did not end well".into())
    }
}
