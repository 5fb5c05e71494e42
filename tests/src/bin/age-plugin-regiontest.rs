//! A plugin of age that stands in for a key in hardware: it wants a PIN, and does what a plain age key would do. Its protocol is
//! that of the `age-plugin` crate. Without arguments it prints a new key.

use std::collections::{HashMap, HashSet};
use std::io;

use age::secrecy::ExposeSecret as _;
use age::{Identity as _, Recipient as _};
use age_core::format::{FileKey, Stanza};
use age_plugin::identity::{self, IdentityPluginV1};
use age_plugin::recipient::{self, RecipientPluginV1};
use age_plugin::{Callbacks, PluginHandler, print_new_identity, run_state_machine};

const NAME: &str = "regiontest";
const PIN: &str = "1234";
/// The tag of a plain key's stanza.
const PLAIN: &str = "X25519";

struct Handler;

impl PluginHandler for Handler {
    type RecipientV1 = Recipients;
    type IdentityV1 = Identities;

    fn recipient_v1(self) -> io::Result<Recipients> {
        Ok(Recipients::default())
    }

    fn identity_v1(self) -> io::Result<Identities> {
        Ok(Identities::default())
    }
}

#[derive(Default)]
struct Recipients(Vec<age::x25519::Recipient>);

impl RecipientPluginV1 for Recipients {
    fn add_recipient(&mut self, index: usize, _: &str, bytes: &[u8]) -> Result<(), recipient::Error> {
        let key = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        self.0.push(key.ok_or(recipient::Error::Recipient { index, message: "is damaged".into() })?);
        Ok(())
    }

    fn add_identity(&mut self, index: usize, _: &str, _: &[u8]) -> Result<(), recipient::Error> {
        Err(recipient::Error::Identity { index, message: "encrypts nothing".into() })
    }

    fn labels(&mut self) -> HashSet<String> {
        HashSet::new()
    }

    fn wrap_file_keys(
        &mut self,
        file_keys: Vec<FileKey>,
        _: impl Callbacks<recipient::Error>,
    ) -> io::Result<Result<Vec<Vec<Stanza>>, Vec<recipient::Error>>> {
        let wrap = |key: &FileKey| -> io::Result<Vec<Stanza>> {
            let mut all = Vec::new();
            for recipient in &self.0 {
                let (stanzas, _) = recipient.wrap_file_key(key).map_err(io::Error::other)?;
                all.extend(
                    stanzas.into_iter().filter(|stanza| stanza.tag == PLAIN).map(|stanza| Stanza { tag: NAME.into(), ..stanza }),
                );
            }
            Ok(all)
        };
        file_keys.iter().map(wrap).collect::<io::Result<Vec<_>>>().map(Ok)
    }
}

#[derive(Default)]
struct Identities(Vec<age::x25519::Identity>);

impl IdentityPluginV1 for Identities {
    fn add_identity(&mut self, index: usize, _: &str, bytes: &[u8]) -> Result<(), identity::Error> {
        let key = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        self.0.push(key.ok_or(identity::Error::Identity { index, message: "is damaged".into() })?);
        Ok(())
    }

    fn unwrap_file_keys(
        &mut self,
        files: Vec<Vec<Stanza>>,
        mut callbacks: impl Callbacks<identity::Error>,
    ) -> io::Result<HashMap<usize, Result<FileKey, Vec<identity::Error>>>> {
        let mut found = HashMap::new();
        for (file, stanzas) in files.into_iter().enumerate() {
            let ours: Vec<_> = stanzas.into_iter().enumerate().filter(|(_, stanza)| stanza.tag == NAME).collect();
            for (index, stanza) in ours {
                let plain = Stanza { tag: PLAIN.into(), ..stanza };
                let Some(key) = self.0.iter().find_map(|own| own.unwrap_stanza(&plain)).and_then(Result::ok) else { continue };
                let _ = callbacks.message("touch the key\u{1b}[2J")?;
                let pin = callbacks.request_secret("PIN of the key")?;
                let good = pin.is_ok_and(|pin| pin.expose_secret() == PIN);
                let wrong = || {
                    vec![identity::Error::Stanza { file_index: file, stanza_index: index, message: "the PIN is wrong".into() }]
                };
                found.insert(file, if good { Ok(key) } else { Err(wrong()) });
                break;
            }
        }
        Ok(found)
    }
}

fn main() -> io::Result<()> {
    if let Some(machine) = std::env::args().find_map(|argument| argument.strip_prefix("--age-plugin=").map(str::to_owned)) {
        return run_state_machine(&machine, Handler);
    }
    let key = age::x25519::Identity::generate();
    print_new_identity(NAME, key.to_string().expose_secret().as_bytes(), key.to_public().to_string().as_bytes());
    Ok(())
}
