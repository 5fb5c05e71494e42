//! Kind `package`: a Debian package. The name is the package's.
//!
//! Fields: `status` (`installed`), and `version` where a role pins it. Packages are installed in one transaction; going
//! back also removes the dependencies that came with them, and nothing that was on the host before.

use regionctl_plan::{Change, Fields, Resource, quote};

use super::words;
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Package;

impl Kind for Package {
    fn name(&self) -> &'static str {
        "package"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names = words(resources.iter().map(|r| &r.id.name));
        format!("dpkg-query -W -f='${{Package}}\\tdpkg\\t${{db:Status-Status}} ${{Version}}\\n' {names} 2>/dev/null || :\n")
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let (status, version) = rows.get(&resource.id.name, "dpkg")?.split_once(' ')?;
        if status == "not-installed" || status == "config-files" {
            return None;
        }
        Some(Fields::from([("status".into(), status.into()), ("version".into(), version.into())]))
    }

    fn batches(&self) -> bool {
        true
    }

    fn apply(&self, changes: &[&Change]) -> String {
        let (wanted, gone): (Vec<&&Change>, Vec<&&Change>) = changes.iter().partition(|change| change.after().is_some());
        let mut script = String::from(APT);
        if !wanted.is_empty() {
            let names = wanted.iter().map(|change: &&&Change| match change.resource.text("version") {
                Some(version) => quote(&format!("{}={version}", change.id().name)),
                None => quote(&change.id().name),
            });
            script += &format!("apt_install {}\n", names.collect::<Vec<_>>().join(" "));
        }
        if !gone.is_empty() {
            script += &format!("apt_remove {}\n", words(gone.iter().map(|change| &change.id().name)));
        }
        script
    }
}

/// What was installed before our first package is kept in `packages.before`, so that removing ours never takes along
/// what was there. An interrupted dpkg is finished first.
const APT: &str = r#"
apt() { apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; }
installed() { dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u; }
apt_lists() {
  if [ -e "$STATE/apt-lists-stale" ] || ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then apt update; rm -f "$STATE/apt-lists-stale"; fi
}
[ -e "$STATE/packages.before" ] || { installed >"$STATE/packages.before.new"; mv "$STATE/packages.before.new" "$STATE/packages.before"; }
if [ -n "$(dpkg --audit 2>/dev/null)" ]; then dpkg --configure -a --force-confdef --force-confold; fi
apt_install() {
  apt_lists
  apt install --no-install-recommends --allow-downgrades "$@" || { apt update; apt install --no-install-recommends --allow-downgrades "$@"; }
}
apt_remove() {
  apt purge "$@"
  apt-get -s -o APT::Autoremove::RecommendsImportant=false -o APT::Autoremove::SuggestsImportant=false autoremove |
    sed -n 's/^Remv \([^ ]*\).*/\1/p' | sort -u | comm -23 - "$STATE/packages.before" >"$STATE/packages.orphans"
  if [ -s "$STATE/packages.orphans" ]; then xargs apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 purge <"$STATE/packages.orphans"; fi
  rm -f "$STATE/packages.orphans"
}
"#;
