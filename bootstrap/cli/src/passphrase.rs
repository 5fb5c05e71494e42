//! What only the operator knows, asked for on the terminal: passphrases of keys, once for each file in a run, and what plugins of
//! age want to know.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use regionctl_secrets::{Question, Secret};
use regionctl_ssh::Endpoint;

use crate::render::clean::clean;

/// How often a passphrase may be mistyped.
const TRIES: usize = 3;

/// What was typed, by file.
static GIVEN: Mutex<BTreeMap<PathBuf, Secret<String>>> = Mutex::new(BTreeMap::new());

/// The answer to a question; `None`: there is no terminal to ask on, or nothing was typed.
pub fn answer(question: Question<'_>) -> Option<Secret<String>> {
    match question {
        Question::Passphrase(file) => of(file),
        Question::Secret(what) => prompted(|| rpassword::prompt_password(format!("{}: ", clean(what)))),
        Question::Text(what) => prompted(|| line(&format!("{}: ", clean(what)))),
        Question::Confirm(what, yes, no) => prompted(|| line(&format!("{} [{}/{}] ", clean(what), clean(yes), clean(no)))),
        Question::Message(text) => {
            eprintln!("{}", clean(text));
            None
        }
    }
}

/// The passphrase of a key file; `None`: there is no terminal to ask on, or nothing was typed.
pub fn of(file: &Path) -> Option<Secret<String>> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = given.get(file) {
        return Some(known.clone());
    }
    let typed = ask(file)?;
    given.insert(file.to_owned(), typed.clone());
    Some(typed)
}

/// Opens the key files of these servers that have a passphrase. Where an agent runs it is the agent's to sign with them.
pub fn unlock<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) {
    for endpoint in endpoints.into_iter().flat_map(|endpoint| std::iter::once(endpoint).chain(endpoint.bastion.as_deref())) {
        let agent = endpoint.agent && (endpoint.agent_socket.is_some() || std::env::var_os("SSH_AUTH_SOCK").is_some());
        let Some(file) = endpoint.identity.as_deref().filter(|file| !agent && regionctl_ssh::is_locked(file)) else { continue };
        for _ in 0..TRIES {
            let Some(passphrase) = of(file) else { return };
            if regionctl_ssh::unlock(file, passphrase.reveal()).is_ok() {
                break;
            }
            GIVEN.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
        }
    }
}

/// What is typed is not shown. A key that stays locked is told by whoever needs it.
fn ask(file: &Path) -> Option<Secret<String>> {
    prompted(|| rpassword::prompt_password(format!("passphrase of `{}`: ", clean(&file.display().to_string()))))
}

/// What is typed, if there is a terminal and somebody types.
fn prompted(ask: impl FnOnce() -> io::Result<String>) -> Option<Secret<String>> {
    if !io::stdin().is_terminal() {
        return None;
    }
    ask().ok().filter(|typed| !typed.is_empty()).map(Secret::new)
}

fn line(prompt: &str) -> io::Result<String> {
    eprint!("{prompt}");
    let mut typed = String::new();
    io::stdin().read_line(&mut typed)?;
    Ok(typed.trim_end_matches(['\r', '\n']).to_owned())
}
