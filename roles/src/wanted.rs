//! What one role wants of a host, in the three parts from which a layer is put together.

use std::collections::BTreeSet;

use regionctl_engine::want::{self, Want as _};
use regionctl_plan::Resource;

use crate::host::Host;

/// What a role wants of a host.
///
/// A layer applies the settings of all its roles, then the packages of all in one transaction of apt, then the rest. A
/// package's configuration is there before the package, so that its service starts with it at once.
#[derive(Debug, Default)]
pub struct Wanted {
    settings: Vec<Resource>,
    packages: Vec<Resource>,
    rest: Vec<Resource>,
}

impl Wanted {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants this before the packages: a file or a folder.
    #[must_use]
    pub fn setting(mut self, resource: Resource) -> Self {
        self.settings.push(resource);
        self
    }

    /// Wants the packages that the release has for a role.
    #[must_use]
    pub fn packages_of(mut self, host: &Host<'_>, role: &str) -> Self {
        let package = |package: &regionctl_images::Package| {
            let resource = want::package(&package.name);
            match package.version(host.facts.os_version) {
                Some(version) => resource.version(version),
                None => resource,
            }
        };
        self.packages.extend(host.release.packages(role).iter().map(package));
        self
    }

    /// Wants a package installed, or absent.
    #[must_use]
    pub fn package(mut self, resource: Resource) -> Self {
        self.packages.push(resource);
        self
    }

    /// Wants this after the packages.
    #[must_use]
    pub fn then(mut self, resource: Resource) -> Self {
        self.rest.push(resource);
        self
    }

    /// Wants all these after the packages.
    #[must_use]
    pub fn then_all(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.rest.extend(resources);
        self
    }

    /// Notes which role wants it.
    pub(crate) fn by(mut self, role: &str) -> Self {
        let all = self.settings.iter_mut().chain(&mut self.packages).chain(&mut self.rest);
        all.for_each(|resource| role.clone_into(&mut resource.role));
        self
    }

    /// Puts the roles of a layer together. What an earlier role wants too is wanted once.
    pub(crate) fn layer(roles: Vec<Self>) -> Vec<Resource> {
        let (mut all, mut packages, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for role in roles {
            all.extend(role.settings);
            packages.extend(role.packages);
            rest.extend(role.rest);
        }
        all.extend(packages);
        all.extend(rest);
        let mut seen = BTreeSet::new();
        all.retain(|resource| seen.insert(resource.id.clone()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_has_settings_then_packages_then_the_rest_each_once() {
        let one =
            Wanted::new().then(want::unit("a.service")).package(want::package("a")).setting(want::file("/a", "")).by("x/one");
        let two = Wanted::new().package(want::package("a")).package(want::package("b")).setting(want::file("/b", "")).by("x/two");
        let all: Vec<_> = Wanted::layer(vec![one, two]).into_iter().map(|r| format!("{} {}", r.role, r.id)).collect();
        assert_eq!(all, ["x/one file:/a", "x/two file:/b", "x/one package:a", "x/two package:b", "x/one unit:a.service"]);
    }
}
