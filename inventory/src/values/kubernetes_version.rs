//! Versions of Kubernetes.

use std::{fmt, str::FromStr};

use super::{Problem, written_as_text};

/// A version of Kubernetes: `1.36`, or `1.36.2` to ask for one patch. Without a patch, the release's catalog decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    minor: u16,
    patch: Option<u16>,
}

impl KubernetesVersion {
    /// The newest minor version that this regionctl installs.
    pub const NEWEST: Self = Self { minor: 36, patch: None };

    /// The minor versions that this regionctl installs, oldest first.
    pub const MINORS: std::ops::RangeInclusive<u16> = 34..=36;

    /// The minor version, the 36 of `1.36.2`.
    pub const fn minor(self) -> u16 {
        self.minor
    }

    /// The patch version, the 2 of `1.36.2`.
    pub const fn patch(self) -> Option<u16> {
        self.patch
    }
}

impl FromStr for KubernetesVersion {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::hinted("not a version of Kubernetes", "`1.36`, or `1.36.2` for one patch");
        if let Some(bare) = text.strip_prefix('v') {
            return Err(Problem::hinted("not a version of Kubernetes", format!("write `{bare}`, without the `v`")));
        }
        let number = |text: &str| text.parse::<u16>().map_err(|_| wrong());
        let mut parts = text.split('.');
        let (Some("1"), Some(minor)) = (parts.next(), parts.next()) else { return Err(wrong()) };
        let patch = parts.next().map(number).transpose()?;
        if parts.next().is_some() {
            return Err(wrong());
        }
        let version = Self { minor: number(minor)?, patch };
        if !Self::MINORS.contains(&version.minor) {
            let known: Vec<String> = Self::MINORS.map(|minor| format!("`1.{minor}`")).collect();
            return Err(Problem::hinted(
                "this version of Kubernetes is not supported",
                format!("supported are {}", known.join(", ")),
            ));
        }
        Ok(version)
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

written_as_text!(
    KubernetesVersion,
    "kubernetes-version",
    "A version of Kubernetes, 1.34 to 1.36, with or without a patch.",
    "1.36",
    r"^1\.[0-9]+(\.[0-9]+)?$"
);
