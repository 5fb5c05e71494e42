//! One channel on a connection, closed when it is dropped.

use std::sync::Arc;

use russh::client::Msg;
use russh::{Channel, ChannelReadHalf, ChannelWriteHalf};
use tokio::sync::OwnedSemaphorePermit;

/// An open session channel.
///
/// No signal is sent when it is dropped: sshd refuses them in root's sessions. What runs on it sees its input end instead.
pub(crate) struct Session {
    pub(crate) read: ChannelReadHalf,
    pub(crate) write: Arc<ChannelWriteHalf<Msg>>,
    closed: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Session {
    pub(crate) fn new(channel: Channel<Msg>, permit: OwnedSemaphorePermit) -> Self {
        let (read, write) = channel.split();
        Self { read, write: Arc::new(write), closed: false, permit: Some(permit) }
    }

    /// The host has closed it.
    pub(crate) fn closed(&mut self) {
        self.closed = true;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let write = Arc::clone(&self.write);
        let permit = self.permit.take();
        runtime.spawn(async move {
            let _ = write.close().await;
            drop(permit);
        });
    }
}
