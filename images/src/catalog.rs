//! The releases of this binary. A new release is a new file under `catalog/` and a line here.

use crate::{CatalogError, Release};

/// Newest first.
const RELEASES: &[(&str, &str)] = &[("2026.11", include_str!("../catalog/2026.11.yaml"))];

/// The names of all releases, newest first.
pub fn names() -> Vec<&'static str> {
    RELEASES.iter().map(|(name, _)| *name).collect()
}

/// All releases, newest first.
///
/// # Errors
/// A release of this binary cannot be read.
pub fn catalog() -> Result<Vec<Release>, CatalogError> {
    RELEASES.iter().map(|(name, text)| read(name, text)).collect()
}

/// The release of that name.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn release(name: &str) -> Result<Release, CatalogError> {
    match RELEASES.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => read(name, text),
        None => {
            let known: Vec<_> = names().into_iter().map(|known| format!("`{known}`")).collect();
            Err(CatalogError::Unknown { name: name.to_owned(), known: known.join(", ") })
        }
    }
}

fn read(name: &'static str, text: &str) -> Result<Release, CatalogError> {
    let release: Release = serde_yaml::from_str(text).map_err(|error| CatalogError::Broken { name, source: Box::new(error) })?;
    if release.name == name {
        return Ok(release);
    }
    let source = format!("its file says that it is `{}`", release.name).into();
    Err(CatalogError::Broken { name, source })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_release_can_be_read() {
        let releases = catalog().unwrap();
        assert_eq!(releases.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), names());
    }

    #[test]
    fn an_unknown_name_gets_the_known_ones() {
        let message = release("2020.01").unwrap_err().to_string();
        assert_eq!(message, "no release `2020.01` is known; known are `2026.11`");
    }

    #[test]
    fn every_file_has_a_digest_and_one_place() {
        for release in catalog().unwrap() {
            let mut seen = BTreeSet::new();
            for artifact in &release.artifacts {
                assert!(seen.insert((&artifact.name, &artifact.version, &artifact.arch)), "{artifact:?}");
                assert!(artifact.url.starts_with("https://") && artifact.url.contains(&artifact.version), "{artifact:?}");
                assert!(artifact.sha256.len() == 64 && artifact.sha256.bytes().all(|b| b.is_ascii_hexdigit()), "{artifact:?}");
            }
        }
    }

    #[test]
    fn every_minor_version_of_kubernetes_has_its_binaries() {
        for release in catalog().unwrap() {
            for minor in regionctl_inventory::KubernetesVersion::MINORS {
                let kubernetes = release.kubernetes(minor).unwrap();
                for (name, version) in [
                    ("kubeadm", &kubernetes.version),
                    ("kubelet", &kubernetes.version),
                    ("kubectl", &kubernetes.version),
                    ("crictl", &kubernetes.crictl),
                ] {
                    assert!(release.artifact(name, version, "amd64").is_some(), "{name} {version}");
                }
            }
        }
    }

    #[test]
    fn a_package_is_pinned_only_where_it_says_so() {
        let release = release("2026.11").unwrap();
        let chrony = &release.packages("base/time")[0];
        assert_eq!((chrony.name.as_str(), chrony.version(13)), ("chrony", None));
        assert!(release.packages("no/such").is_empty());
    }
}
