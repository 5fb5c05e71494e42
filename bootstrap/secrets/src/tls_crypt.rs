//! OpenVPN's tls-crypt-v2 keys: each client has its own, and brings it to the server wrapped with the server's key.
//!
//! The form is that of OpenVPN's `doc/tls-crypt-v2.txt`. A server key is 64 bytes for the cipher, of which 32 are used, and 64
//! for the HMAC, likewise; a client key `Kc` is two such keys. With `Ke` and `Ka` the server key's used halves:
//!
//! ```text
//! len = length of WKc, 16 bits, big endian
//! T   = HMAC-SHA256(Ka, len || Kc || metadata)
//! IV  = first 16 bytes of T
//! WKc = T || AES-256-CTR(Ke, IV, Kc || metadata) || len
//! ```

use std::time::SystemTime;

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use crate::pem;
use crate::pki::PkiError;
use crate::random;
use crate::secret::Secret;
use crate::store::seconds;

const SERVER: &str = "OpenVPN tls-crypt-v2 server key";
const CLIENT: &str = "OpenVPN tls-crypt-v2 client key";
/// One key: 64 bytes for the cipher, 64 for the HMAC.
const KEY: usize = 128;
const HMAC_AT: usize = 64;
const USED: usize = 32;
const TAG: usize = 32;
const LENGTH: usize = 2;
/// The longest wrapped key that OpenVPN accepts.
const MAX_WRAPPED: usize = 1024;
/// The most bytes that [`Metadata::User`] may have.
pub const MAX_METADATA: usize = MAX_WRAPPED - TAG - 2 * KEY - LENGTH - 1;

/// What a client key carries for the server to look at (`--tls-crypt-v2-verify`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// When it was made: what OpenVPN writes by itself.
    MadeAt(SystemTime),
    /// Anything; at most [`MAX_METADATA`] bytes.
    User(Vec<u8>),
}

impl Metadata {
    fn bytes(&self) -> Result<Vec<u8>, PkiError> {
        match self {
            Self::User(bytes) if bytes.len() > MAX_METADATA => Err(PkiError::Metadata { max: MAX_METADATA }),
            Self::User(bytes) => Ok([&[0], bytes.as_slice()].concat()),
            Self::MadeAt(at) => Ok([&[1], seconds(*at).to_be_bytes().as_slice()].concat()),
        }
    }
}

/// A new server key, PEM: what `openvpn --genkey tls-crypt-v2-server` makes.
///
/// # Errors
/// The system has no random bytes.
pub fn server() -> Result<Secret<String>, PkiError> {
    let key = random::bytes::<KEY>().map_err(|_| PkiError::Random)?;
    Ok(pem::encode(SERVER, key.as_slice()))
}

/// A new client key, PEM, wrapped for the servers that have this server key: what
/// `openvpn --tls-crypt-v2 SERVER --genkey tls-crypt-v2-client` makes.
///
/// # Errors
/// The server key is none, the metadata is too long, or the system has no random bytes.
pub fn client(server: &Secret<String>, metadata: &Metadata) -> Result<Secret<String>, PkiError> {
    let server = ServerKey::read(server)?;
    let key = random::bytes::<{ 2 * KEY }>().map_err(|_| PkiError::Random)?;
    let metadata = metadata.bytes()?;
    let mut inner = Zeroizing::new(Vec::with_capacity(key.len() + metadata.len()));
    inner.extend_from_slice(key.as_slice());
    inner.extend_from_slice(&metadata);
    let length = u16::try_from(TAG + inner.len() + LENGTH).map_err(|_| PkiError::TlsCrypt)?.to_be_bytes();
    let tag = server.tag(length, &inner);
    server.crypt(&tag, &mut inner)?;
    let mut whole = Zeroizing::new(Vec::with_capacity(2 * KEY + MAX_WRAPPED));
    for part in [key.as_slice(), &tag, &inner, &length] {
        whole.extend_from_slice(part);
    }
    Ok(pem::encode(CLIENT, &whole))
}

/// Whether a server with this key accepts this client key.
///
/// # Errors
/// One of them is none.
pub fn fits(client: &Secret<String>, server: &Secret<String>) -> Result<bool, PkiError> {
    let server = ServerKey::read(server)?;
    let whole = pem::decode(CLIENT, client.reveal()).ok_or(PkiError::TlsCrypt)?;
    let (key, wrapped) = whole.split_at_checked(2 * KEY).ok_or(PkiError::TlsCrypt)?;
    let (tag, rest) = wrapped.split_first_chunk::<TAG>().ok_or(PkiError::TlsCrypt)?;
    let (inner, length) = rest.split_last_chunk::<LENGTH>().ok_or(PkiError::TlsCrypt)?;
    let mut inner = Zeroizing::new(inner.to_vec());
    server.crypt(tag, &mut inner)?;
    let whole_length = usize::from(u16::from_be_bytes(*length)) == wrapped.len();
    Ok(whole_length && inner.starts_with(key) && server.tag(*length, &inner) == *tag)
}

/// The halves of a server key.
struct ServerKey(Zeroizing<Vec<u8>>);

impl ServerKey {
    fn read(text: &Secret<String>) -> Result<Self, PkiError> {
        let bytes = pem::decode(SERVER, text.reveal()).filter(|bytes| bytes.len() == KEY);
        bytes.map(Self).ok_or(PkiError::TlsCrypt)
    }

    fn tag(&self, length: [u8; LENGTH], inner: &[u8]) -> [u8; TAG] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.get(HMAC_AT..HMAC_AT + USED).unwrap_or_default());
        let mut context = hmac::Context::with_key(&key);
        context.update(&length);
        context.update(inner);
        let mut tag = [0; TAG];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// AES-256-CTR, which is the same in both directions.
    fn crypt(&self, tag: &[u8; TAG], inner: &mut [u8]) -> Result<(), PkiError> {
        let failed = |_| PkiError::Library { what: "a tls-crypt-v2 key" };
        let key = UnboundCipherKey::new(&AES_256, self.0.get(..USED).unwrap_or_default()).map_err(failed)?;
        let (iv, _) = tag.split_first_chunk::<16>().ok_or(PkiError::TlsCrypt)?;
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        EncryptingKey::ctr(key).and_then(|key| key.less_safe_encrypt(inner, context)).map_err(failed)?;
        Ok(())
    }
}
