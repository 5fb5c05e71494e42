//! Connections from the operator's place inside a lab.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::fd::AsFd;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::LabError;
use crate::names::{namespace, namespace_path};
use crate::record::names;

/// Opens a TCP connection from inside a lab, as `connect` does from this process's own network.
///
/// The stream stays inside the lab wherever it is used: a test can drive a host without moving itself.
pub async fn connect(lab: &str, address: SocketAddr, timeout: Duration) -> Result<TcpStream, LabError> {
    let path = namespace_path(&namespace(lab));
    let file = File::open(&path).map_err(|_| LabError::NoSuchLab { lab: lab.to_owned(), known: names() })?;
    // Only the thread that enters the namespace is in it, so it must be one that nobody uses again.
    let (send, receive) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // The receiver is gone if the caller gave up.
        let _ = send.send(enter_and_connect(&file, address, timeout));
    });
    let result = receive.await.unwrap_or_else(|_| Err(Error::from(ErrorKind::BrokenPipe)));
    result.map_err(LabError::io("connect to", format!("{address} in lab {lab}")))
}

fn enter_and_connect(namespace: &File, address: SocketAddr, timeout: Duration) -> Result<TcpStream, Error> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
    let stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// How long one that has taken the connection may think: a busy one works for each that asks, so who asks again soon keeps it busy.
const GREETING: Duration = Duration::from_secs(60);

/// Whether an SSH server greets us.
pub(crate) async fn ssh_answers(lab: &str, address: SocketAddr) -> bool {
    let Ok(stream) = connect(lab, address, Duration::from_secs(1)).await else { return false };
    tokio::task::spawn_blocking(move || greets(stream)).await.is_ok_and(|greeting| greeting.unwrap_or(false))
}

fn greets(mut stream: TcpStream) -> Result<bool, Error> {
    stream.set_read_timeout(Some(GREETING))?;
    let mut start = [0; 4];
    stream.read_exact(&mut start)?;
    Ok(&start == b"SSH-")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_greeting_is_awaited_for_as_long_as_a_busy_host_takes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(b"SSH-2.0-slow\r\n").unwrap();
        // The limit is the socket's, which both share.
        let same = stream.try_clone().unwrap();
        assert!(greets(stream).unwrap());
        assert!(same.read_timeout().unwrap().is_some_and(|limit| limit >= Duration::from_secs(30)));
    }
}
