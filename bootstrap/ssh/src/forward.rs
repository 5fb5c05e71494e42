//! Byte streams to addresses a host can reach.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, copy, split};
use tokio::sync::oneshot;

use crate::error::SshError;
use crate::host::Host;

/// A connection made by a host to an address it can reach, as a stream here. Dropping it closes the connection.
#[derive(Debug)]
pub struct ForwardStream {
    stream: DuplexStream,
    _alive: oneshot::Sender<()>,
}

/// What a slow reader may leave unread before it holds up the other channels of its connection.
const BUFFER: usize = 1024 * 1024;

impl Host {
    /// Opens a TCP connection from the host to `remote_host:remote_port`.
    ///
    /// # Errors
    /// [`SshError::ChannelRefused`] when the host may not or cannot connect there, [`SshError::Timeout`] when nothing answers
    /// within the connect timeout, [`SshError::ConnectionLost`].
    pub async fn forward(&self, remote_host: &str, remote_port: u16) -> Result<ForwardStream, SshError> {
        let what = format!("a connection to {remote_host}:{remote_port}");
        let limit = self.endpoint().connect_timeout;
        let channel = match tokio::time::timeout(limit, self.open_direct(remote_host, remote_port, &what)).await {
            Ok(opened) => opened?,
            Err(_) => return Err(SshError::Timeout { host: self.name().into(), what, after: limit }),
        };
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let (alive, gone) = oneshot::channel();
        // The connection lives as long as its streams do.
        let host = self.clone();
        tokio::spawn(async move {
            pump(channel, theirs, gone).await;
            drop(host);
        });
        Ok(ForwardStream { stream: ours, _alive: alive })
    }
}

/// russh hands out window regardless of what is read, and one full channel stops its whole connection: so bytes are always
/// taken off the channel by a task of their own.
async fn pump(channel: impl AsyncRead + AsyncWrite, stream: DuplexStream, gone: oneshot::Receiver<()>) {
    let (mut far_read, mut far_write) = split(channel);
    let (mut near_read, mut near_write) = split(stream);
    let up = async {
        let _ = copy(&mut near_read, &mut far_write).await;
        let _ = far_write.shutdown().await;
    };
    let down = async {
        let _ = copy(&mut far_read, &mut near_write).await;
        let _ = near_write.shutdown().await;
    };
    tokio::pin!(up, down, gone);
    let (mut up_done, mut down_done) = (false, false);
    while !(up_done && down_done) {
        tokio::select! {
            () = &mut up, if !up_done => up_done = true,
            () = &mut down, if !down_done => down_done = true,
            _ = &mut gone => {
                // What was written before the stream was dropped still goes out.
                if !up_done {
                    let _ = tokio::time::timeout(Duration::from_secs(5), up).await;
                }
                return;
            }
        }
    }
}

impl AsyncRead for ForwardStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for ForwardStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
