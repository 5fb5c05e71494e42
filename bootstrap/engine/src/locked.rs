//! What keeps even root from writing: immutable and append-only files, read-only file systems, files mounted over another.
//!
//! Every kind says [where it writes](crate::Kind::writes). A plan that would write there is forbidden before anything changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use regionctl_plan::{Plan, Resource, quote};

use crate::kind::{Kinds, Rows};

/// Why a place takes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The file or folder.
    pub place: String,
    /// What keeps it.
    pub by: Lock,
}

/// What keeps a place from being written, the one first that says most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// `chattr +i`.
    Immutable,
    /// `chattr +a`: nothing of it can be replaced.
    AppendOnly,
    /// Another file is mounted over it, so that it cannot be replaced.
    Mounted,
    /// The file system is mounted read-only.
    ReadOnly,
}

impl Lock {
    const ALL: [(&'static str, Self); 4] = [
        ("immutable", Self::Immutable),
        ("append-only", Self::AppendOnly),
        ("mounted", Self::Mounted),
        ("read-only", Self::ReadOnly),
    ];

    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, lock)| *lock)
    }

    /// How the lock is taken away.
    pub fn hint(self, place: &str) -> String {
        match self {
            Self::Immutable => {
                format!("`chattr -i {place}`, and find out who set it: a provider's image may do so at every boot")
            }
            Self::AppendOnly => {
                format!("`chattr -a {place}`, and find out who set it: a provider's image may do so at every boot")
            }
            Self::Mounted => {
                format!("`findmnt {place}` tells what is mounted there; unmount it, and take it out of what mounts it")
            }
            Self::ReadOnly => {
                format!("`findmnt --target {place}` tells the file system; `dmesg` tells if it went read-only by itself")
            }
        }
    }
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match self.by {
            Lock::Immutable => write!(f, "`{place}` is immutable"),
            Lock::AppendOnly => write!(f, "`{place}` is append-only"),
            Lock::Mounted => write!(f, "another file is mounted over `{place}`"),
            Lock::ReadOnly => write!(f, "`{place}` is on a file system that is mounted read-only"),
        }
    }
}

/// Where a resource's changes write, as [`crate::Kind::writes`] says it. A relative path is none.
fn places(kinds: &Kinds, resource: &Resource) -> Vec<String> {
    let places = kinds.get(&resource.id.kind).map(|kind| kind.writes(resource)).unwrap_or_default();
    places.into_iter().filter(|place| place.starts_with(['/', '~'])).collect()
}

/// Looks at each place, or at the nearest folder above that is there, and at the folder of what would be replaced. A path `~USER/…`
/// is in a user's home. What is listed in mountinfo is only compared: to look at it could wait for a server that is away.
const LOOK: &str = r#"
points='
'
while read -r _ _ _ _ point _; do points="$points$point
"; done </proc/self/mountinfo
for path in "$@"; do
  place=$path
  case $path in '~'*)
    user=${path%%/*}
    place=$(getent passwd -- "${user#?}" | cut -d : -f 6)/${path#*/}
  esac
  real=$place
  until [ -e "$place" ] || [ -L "$place" ]; do place=${place%/*}; place=${place:-/}; done
  [ "$place" = "$path" ] || row "$path" place "$place"
  if [ "$place" = "$real" ]; then
    folder=${place%/*}; folder=${folder:-/}
    row "$path" folder "$folder"
    set -- "$@" "$folder"
    [ -d "$place" ] || case $points in *"
$place
"*) row "$place" locked mounted ;; esac
  fi
  [ -L "$place" ] || set -- "$@" "$place"
  shift
done
for place in "$@"; do [ -w "$place" ] || row "$place" locked read-only; done
lsattr -d -- "$@" | while read -r flags place; do
  case $flags in *i*) row "$place" locked immutable ;; *a*) row "$place" locked append-only ;; esac
done
"#;

/// Shell that looks at all places where changes of these resources would write; `None` if there is none.
pub(crate) fn script(kinds: &Kinds, resources: &[Resource]) -> Option<String> {
    let places: BTreeSet<_> = resources.iter().flat_map(|resource| places(kinds, resource)).collect();
    if places.is_empty() {
        return None;
    }
    let words = places.iter().map(|place| quote(place)).collect::<Vec<_>>().join(" ");
    Some(format!("set -- {words}\n{LOOK}"))
}

/// By place, as a kind names it: what keeps it from being written.
pub(crate) fn read(rows: &Rows) -> BTreeMap<String, Locked> {
    let lock = |place: &str| {
        let by = rows.all(place, "locked").iter().filter_map(|word| Lock::read(word)).min()?;
        Some(Locked { place: place.to_owned(), by })
    };
    let locked = |path: &str| {
        let place = rows.get(path, "place").unwrap_or(path);
        let own = lock(place);
        Some((path.to_owned(), own.or_else(|| lock(rows.get(path, "folder")?))?))
    };
    rows.names().filter_map(locked).collect()
}

/// What a plan would write on a host where it cannot, each place once.
pub(crate) fn in_the_way<'a>(kinds: &Kinds, plan: &Plan, host: &str, locked: &'a BTreeMap<String, Locked>) -> Vec<&'a Locked> {
    let changes = plan.changes().filter(|(_, on, _)| *on == host);
    let places = changes.flat_map(|(_, _, change)| places(kinds, &change.resource));
    let mut found: Vec<&Locked> = places.filter_map(|place| locked.get(&place)).collect();
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::shell::PRELUDE;
    use crate::want;

    fn looked(resources: &[Resource]) -> BTreeMap<String, Locked> {
        let script = format!("{PRELUDE}\n( {}\n) 2>/dev/null\n", script(&Kinds::host(), resources).unwrap_or_default());
        let out = Command::new("sh").args(["-c", &script]).output().unwrap();
        read(&Rows::read(String::from_utf8(out.stdout).unwrap().lines()))
    }

    #[test]
    fn a_file_that_may_be_written_is_not_locked_and_one_that_is_not_there_neither() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("here").display().to_string();
        std::fs::write(&path, "x").unwrap();
        let deep = folder.path().join("a/b/c").display().to_string();
        assert_eq!(looked(&[want::file(&path, ""), want::file(&deep, ""), want::directory(&deep)]), BTreeMap::new());
    }

    #[test]
    fn the_lock_that_says_most_is_told_and_a_folder_s_counts_for_what_is_replaced_in_it() {
        let mut rows = Rows::default();
        let all = [
            ("/etc/a", "folder", "/etc"),
            ("/etc/a", "locked", "read-only"),
            ("/etc/a", "locked", "immutable"),
            ("/etc/b", "folder", "/etc"),
            ("/etc", "locked", "append-only"),
            ("~root/.ssh/authorized_keys", "place", "/root/.ssh"),
            ("/root/.ssh", "locked", "mounted"),
            ("/srv/c", "place", "/srv"),
        ];
        all.iter().for_each(|(name, field, value)| rows.add(name, field, value));
        let locked = read(&rows);
        let by = |path: &str| locked.get(path).map(|locked| (locked.place.as_str(), locked.by));
        assert_eq!(by("/etc/a"), Some(("/etc/a", Lock::Immutable)));
        assert_eq!(by("/etc/b"), Some(("/etc", Lock::AppendOnly)));
        assert_eq!(by("~root/.ssh/authorized_keys"), Some(("/root/.ssh", Lock::Mounted)));
        assert_eq!(by("/srv/c"), None);
    }
}
