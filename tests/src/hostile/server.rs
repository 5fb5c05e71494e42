//! An SSH server that lets everybody in, notes every script, and answers what it was told to. russh's server half.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::server::{self, Auth, ChannelOpenHandle, Config, Handle, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use tokio::net::TcpListener;

use crate::region::Failed;

/// What a server answers to a script.
pub enum Reply {
    /// This on standard output, and that on standard error, with an exit status.
    Says(String, String, u32),
    /// Lines without an end.
    Endless,
}

/// Makes the answer to a script.
pub type Answers = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

type Notes = Arc<Mutex<Vec<String>>>;

/// A server on this machine. It ends with the test's process.
pub struct Server {
    /// Where it listens.
    pub port: u16,
    scripts: Notes,
    taken: Notes,
}

impl Server {
    /// Starts a server at an address of this machine.
    ///
    /// # Errors
    /// It cannot listen.
    pub fn start(address: &'static str, answers: Answers) -> Result<Self, Failed> {
        let (scripts, taken) = (Notes::default(), Notes::default());
        let connection =
            Connection { answers, scripts: scripts.clone(), taken: taken.clone(), asked: BTreeMap::new(), opens: true };
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let served = serve(address, &connection, &tell);
            // Told only if it never listened: nobody waits any more otherwise.
            let _ = served.map_err(|error| tell.send(Err(error)));
        });
        let port = told.recv().map_err(|error| error.to_string())??;
        Ok(Self { port, scripts, taken })
    }

    /// Every script that came, as it was sent.
    pub fn scripts(&self) -> Vec<String> {
        notes(&self.scripts).clone()
    }

    /// The kinds of channels that it opened and the client took.
    pub fn taken(&self) -> Vec<String> {
        notes(&self.taken).clone()
    }
}

fn notes(notes: &Notes) -> std::sync::MutexGuard<'_, Vec<String>> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(error: impl Display) -> Failed {
    error.to_string()
}

fn serve(address: &str, connection: &Connection, tell: &mpsc::Sender<Result<u16, Failed>>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(text)?;
    runtime.block_on(async {
        let listener = TcpListener::bind((address, 0)).await.map_err(text)?;
        let port = listener.local_addr().map_err(text)?.port();
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&port.to_be_bytes());
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
        let config = Arc::new(Config { keys: vec![key], ..Config::default() });
        tell.send(Ok(port)).map_err(text)?;
        loop {
            let (stream, _) = listener.accept().await.map_err(text)?;
            let (config, connection) = (Arc::clone(&config), connection.clone());
            tokio::spawn(async move {
                if let Ok(session) = server::run_stream(config, stream, connection).await {
                    let _ = session.await;
                }
            });
        }
    })
}

/// One client.
#[derive(Clone)]
struct Connection {
    answers: Answers,
    scripts: Notes,
    taken: Notes,
    /// How long the program of each channel is, and what came of it.
    asked: BTreeMap<ChannelId, (usize, Vec<u8>)>,
    /// Whether channels are still to be opened to the client.
    opens: bool,
}

impl server::Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        if std::mem::take(&mut self.opens) {
            tokio::spawn(open(session.handle(), self.taken.clone()));
        }
        Ok(())
    }

    /// `… head -c BYTES …` of the command is the program's length.
    async fn exec_request(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let command = String::from_utf8_lossy(data).into_owned();
        let bytes = command.split("head -c ").nth(1).and_then(|rest| rest.split(')').next()?.parse().ok());
        self.asked.insert(channel, (bytes.unwrap_or_default(), Vec::new()));
        session.channel_success(channel)
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let Some((length, program)) = self.asked.get_mut(&channel) else { return Ok(()) };
        program.extend_from_slice(data);
        if program.len() < *length {
            return Ok(());
        }
        let script = String::from_utf8_lossy(program).into_owned();
        self.asked.remove(&channel);
        notes(&self.scripts).push(script.clone());
        tokio::spawn(answer(session.handle(), channel, (self.answers)(&script), marker(&script)));
        Ok(())
    }
}

/// The word between which a script's output stands.
fn marker(script: &str) -> String {
    let after = script.split("printf '\\n%s\\n' ").nth(1).and_then(|rest| rest.split([';', '\n']).next());
    after.unwrap_or_default().trim().to_owned()
}

async fn answer(client: Handle, channel: ChannelId, reply: Reply, marker: String) {
    let begin = format!("\n{marker}\n");
    let _ = client.data(channel, begin.clone()).await;
    match reply {
        Reply::Says(out, err, status) => {
            let _ = client.extended_data(channel, 1, format!("{begin}{err}")).await;
            let _ = client.data(channel, format!("{out}\n{marker} {status}\n")).await;
            let _ = client.exit_status_request(channel, status).await;
        }
        Reply::Endless => {
            let lines = "a line of what has no end\n".repeat(1000);
            while client.data(channel, lines.clone()).await.is_ok() {}
        }
    }
    let _ = client.eof(channel).await;
    let _ = client.close(channel).await;
}

/// Tries to open every kind of channel to the client.
async fn open(client: Handle, taken: Notes) {
    let tcp = ("127.0.0.1".to_owned(), 22_u32);
    let tried = [
        ("agent", client.channel_open_agent().await.is_ok()),
        ("session", client.channel_open_session().await.is_ok()),
        ("x11", client.channel_open_x11("127.0.0.1", 1).await.is_ok()),
        ("direct-tcpip", client.channel_open_direct_tcpip(tcp.0.clone(), tcp.1, tcp.0.clone(), tcp.1).await.is_ok()),
        ("forwarded-tcpip", client.channel_open_forwarded_tcpip(tcp.0.clone(), tcp.1, tcp.0, tcp.1).await.is_ok()),
        ("direct-streamlocal", client.channel_open_direct_streamlocal("/run/x").await.is_ok()),
        ("forwarded-streamlocal", client.channel_open_forwarded_streamlocal("/run/x").await.is_ok()),
    ];
    notes(&taken).extend(tried.into_iter().filter(|(_, taken)| *taken).map(|(kind, _)| kind.to_owned()));
}
