//! Waits for a condition, never for a time alone.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::LabError;

const PAUSE: Duration = Duration::from_millis(50);

/// Waits until the condition gives a value. `what` completes "waited 5 s for …".
pub(crate) async fn until<T, F: Future<Output = Result<Option<T>, LabError>>>(
    what: impl Into<String>,
    timeout: Duration,
    mut condition: impl FnMut() -> F,
) -> Result<T, LabError> {
    let end = Instant::now() + timeout;
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        if Instant::now() >= end {
            return Err(LabError::Timeout { what: what.into(), seconds: timeout.as_secs(), detail: String::new() });
        }
        sleep(PAUSE).await;
    }
}
