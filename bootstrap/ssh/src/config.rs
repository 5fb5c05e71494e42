//! The protocol settings: what we offer, how much we buffer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{Algorithm, EcdsaCurve};
use russh::{Preferred, cipher, client, compression, kex, mac};

use crate::endpoint::Endpoint;

const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

// AES in hardware first: cheaper than ChaCha20 on every server CPU this runs on.
const CIPHERS: &[cipher::Name] =
    &[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305, cipher::AES_128_GCM, cipher::AES_256_CTR, cipher::AES_128_CTR];

const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];

/// Every host key algorithm that can be verified here. No rsa: its crate has an unpatched advisory.
pub(crate) const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
];

/// The client configuration for an endpoint whose host keys of these algorithms are already known.
pub(crate) fn client(endpoint: &Endpoint, known: &[Algorithm]) -> Arc<client::Config> {
    let keepalive_max = endpoint.keepalive_max.max(1);
    Arc::new(client::Config {
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Owned(host_key_order(known)),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(&[compression::NONE]),
        },
        keepalive_interval: Some(endpoint.keepalive_interval.max(Duration::from_millis(100))),
        keepalive_max: keepalive_max as usize,
        // Keep-alives notice a silent peer; this also ends a write that blocks because nobody takes the bytes.
        inactivity_timeout: Some(endpoint.keepalive_interval.max(Duration::from_millis(100)) * (keepalive_max + 2)),
        nodelay: true,
        ..client::Config::default()
    })
}

/// Known algorithms first, as OpenSSH does: a host known by its ed25519 key must not be asked for its ecdsa key.
fn host_key_order(known: &[Algorithm]) -> Vec<Algorithm> {
    let (mut first, rest): (Vec<_>, Vec<_>) = HOST_KEYS.iter().cloned().partition(|a| known.contains(a));
    first.extend(rest);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_algorithms_come_first() {
        let p384 = Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 };
        let order = host_key_order(std::slice::from_ref(&p384));
        assert_eq!(order[0], p384);
        assert_eq!(order[1], Algorithm::Ed25519);
        assert_eq!(order.len(), HOST_KEYS.len());
    }
}
