//! The resources that all three tools make true: `tests/bench/resources.json`.

use regionctl_engine::Wants;
use regionctl_engine::want::{self, Want as _};
use regionctl_plan::{Facts, Resource};
use serde::Deserialize;

use crate::bench::error::BenchError;
use crate::bench::files;

/// The only layer.
pub const LAYER: &str = "bench";

#[derive(Deserialize)]
struct Document {
    packages: Vec<String>,
    directories: Vec<Directory>,
    files: Vec<File>,
    user: User,
    line: Line,
    units: Vec<String>,
}

#[derive(Deserialize)]
struct Directory {
    path: String,
    mode: String,
}

#[derive(Deserialize)]
struct File {
    path: String,
    source: String,
    mode: String,
}

#[derive(Deserialize)]
struct User {
    name: String,
    shell: String,
    home: String,
}

#[derive(Deserialize)]
struct Line {
    path: String,
    line: String,
}

/// The resources, the same on every host.
pub struct Resources(Vec<Resource>);

impl Resources {
    /// Reads the resources, in the order in which playbook and deploy have them.
    pub fn read() -> Result<Self, BenchError> {
        let path = files::data().join("resources.json");
        let document: Document =
            serde_json::from_str(&files::read(&path)?).map_err(BenchError::json(path.display().to_string()))?;
        let mut all: Vec<_> = document.packages.iter().map(|name| want::package(name)).collect();
        all.extend(document.directories.iter().map(|directory| want::directory(&directory.path).mode(&directory.mode)));
        for file in &document.files {
            let content = files::read(&files::data().join("files").join(&file.source))?;
            all.push(want::file(&file.path, content).mode(&file.mode));
        }
        let user = &document.user;
        all.push(want::user(&user.name).shell(&user.shell).home(&user.home).system().without_home());
        all.push(want::line(&document.line.path, &document.line.line, ""));
        all.extend(document.units.iter().map(|name| want::unit(name).enabled().active()));
        for resource in &mut all {
            resource.role = LAYER.to_owned();
        }
        Ok(Self(all))
    }

    /// The resources.
    pub fn all(&self) -> &[Resource] {
        &self.0
    }
}

impl Wants for Resources {
    fn layers(&self) -> Vec<String> {
        vec![LAYER.to_owned()]
    }

    fn wanted(&self, _layer: &str, _host: &str, _facts: &Facts) -> Vec<Resource> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_those_of_the_issue() {
        let resources = Resources::read().unwrap();
        let count = |kind: &str| resources.all().iter().filter(|r| r.id.kind == kind).count();
        let counts = ["package", "file", "directory", "unit", "user", "line"].map(count);
        assert_eq!(counts, [8, 15, 4, 3, 1, 1]);
    }
}
