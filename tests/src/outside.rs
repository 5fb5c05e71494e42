//! A machine outside of the region: the operator's place, with an address that nobody has a route to but through a gateway.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::region::{Failed, want};

/// Its address.
pub const ADDRESS: &str = "192.0.2.80";
/// The lab's private network, as the place of the operator sees it.
const VRACK: &str = "br-vrack";
/// Answers with the address it is asked from.
const SERVER: &str = "
import socketserver
class Answer(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(self.client_address[0].encode())
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(('192.0.2.80', 8080), Answer).serve_forever()
";

/// Says which of its arguments pass through any device here.
const LISTENER: &str = "
import socket, sys, time
device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
device.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE
device.settimeout(1)
print('listening', flush=True)
words, end = sys.argv[1:], time.monotonic() + 60
while words and time.monotonic() < end:
    try: frame = device.recv(1 << 16)
    except TimeoutError: continue
    for word in [word for word in words if word.encode() in frame]:
        print(word, flush=True)
        words = [] if word == sys.argv[-1] else [other for other in words if other != word]
";

/// The operator's place as a machine outside, at [`ADDRESS`].
pub struct Outside {
    enter: Vec<String>,
    server: Option<Child>,
}

impl Outside {
    /// Outside of this lab.
    ///
    /// # Errors
    /// The lab is not up.
    pub fn of(lab: &str) -> Result<Self, Failed> {
        let enter = regionctl_lab::enter_command(lab).map_err(|error| error.to_string())?;
        let outside = Self { enter: enter.words().to_vec(), server: None };
        outside.run(&["ip", "address", "replace", &format!("{ADDRESS}/32"), "dev", "lo"])?;
        Ok(outside)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failed> {
        let (program, words) = self.enter.split_first().ok_or("no way into the lab")?;
        let mut command = Command::new(program);
        command.args(words).args(arguments).stdin(Stdio::null());
        Ok(command)
    }

    /// As a machine on the vrack that the region does not know, with this address, such as `10.90.0.250/24`.
    ///
    /// # Errors
    /// The lab has no vrack.
    pub fn joins_the_vrack(&self, address: &str) -> Result<(), Failed> {
        self.run(&["ip", "address", "replace", address, "dev", VRACK]).map(drop)
    }

    /// On the vrack no more.
    ///
    /// # Errors
    /// It was not there.
    pub fn leaves_the_vrack(&self, address: &str) -> Result<(), Failed> {
        self.run(&["ip", "address", "del", address, "dev", VRACK]).map(drop)
    }

    /// Runs a program there.
    ///
    /// # Errors
    /// It fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String, Failed> {
        let output = self.command(arguments)?.output().map_err(|error| error.to_string())?;
        want(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Which of these words pass on the vrack, in this order, while something happens. Listening ends with the last one, or
    /// after a minute.
    ///
    /// # Errors
    /// It cannot listen, or what should happen does not.
    pub fn hears(&self, words: &[&str], meanwhile: impl FnOnce() -> Result<(), Failed>) -> Result<Vec<String>, Failed> {
        let listening = [&["python3", "-c", LISTENER], words].concat();
        let mut listener = self.command(&listening)?.stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let mut said = BufReader::new(listener.stdout.take().ok_or("nothing listens")?).lines();
        want(said.next().is_some(), || "nothing listens".into())?;
        let happened = meanwhile();
        let heard = said.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string());
        listener.wait().map_err(|error| error.to_string())?;
        happened?;
        heard
    }

    /// With a server that answers at port 8080.
    ///
    /// # Errors
    /// It does not start.
    pub fn serve(mut self) -> Result<Self, Failed> {
        let started = self.command(&["python3", "-c", SERVER])?.spawn();
        self.server = Some(started.map_err(|error| error.to_string())?);
        Ok(self)
    }

    /// What answers at port 8080 of an address, asked from [`ADDRESS`].
    ///
    /// # Errors
    /// Nothing answers.
    pub fn ask(&self, address: &str) -> Result<String, Failed> {
        let ask = format!(
            "import socket; s = socket.create_connection(('{address}', 8080), 3, ('{ADDRESS}', 0)); print(s.recv(99).decode())"
        );
        self.run(&["python3", "-c", &ask]).map(|said| said.trim().to_owned())
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
