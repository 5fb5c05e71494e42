//! What the lab tells while it works.

/// One step that begins or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The host it is about, or none for the lab itself.
    pub host: Option<String>,
    /// What happens, in a few words.
    pub message: String,
}

/// Receives progress. It must not block.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

pub(crate) fn tell(on_progress: OnProgress<'_>, host: Option<&str>, message: impl Into<String>) {
    on_progress(Progress { host: host.map(str::to_owned), message: message.into() });
}
