//! What can be wrong with a release.

/// A release that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No release has this name.
    #[error("no release `{name}` is known; known are {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that exist, for a message.
        known: String,
    },
    /// A release of this binary is not a valid document. The tests of this crate make it impossible.
    #[error("release `{name}` of this regionctl cannot be read")]
    Broken {
        /// The release.
        name: &'static str,
        /// Where and why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
