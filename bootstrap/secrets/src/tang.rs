//! The keys of a Tang server, as JSON Web Keys (RFC 7517) on P-521: one that signs what the server says of itself, and one that
//! what it opens is closed with. Whoever knows the first one's thumbprint (RFC 7638) takes nobody else for the server.

use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::pki::PkiError;
use crate::secret::Secret;

/// The bytes of a number in P-521 (RFC 7518, 6.2.1.2).
const COORDINATE: usize = 66;

/// What a key is for, as `jose` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Signing what the server says.
    Sign,
    /// The exchange with a client.
    Exchange,
}

/// A new key, with its private half.
///
/// # Errors
/// The library makes none.
pub(crate) fn key(purpose: Use) -> Result<Secret<String>, PkiError> {
    let failed = || PkiError::Library { what: "a key" };
    let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).map_err(|_| failed())?;
    let private: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(|_| failed())?;
    // Uncompressed: a byte 4, then the two coordinates.
    let point = pair.public_key().as_ref().get(1..).filter(|point| point.len() == 2 * COORDINATE).ok_or_else(failed)?;
    let (x, y) = point.split_at(COORDINATE);
    let (algorithm, operations) = match purpose {
        Use::Sign => ("ES512", json!(["sign", "verify"])),
        Use::Exchange => ("ECMR", json!(["deriveKey"])),
    };
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({
        "kty": "EC", "crv": "P-521", "alg": algorithm, "key_ops": operations,
        "x": number(x), "y": number(y), "d": number(private.as_ref()),
    });
    Ok(Secret::new(key.to_string()))
}

/// A key's thumbprint with SHA-256, in base64url: what `jose jwk thp -a S256` prints. `None` if it is no key.
pub fn thumbprint(key: &Value) -> Option<String> {
    let members = match key.get("kty")?.as_str()? {
        "EC" => &["crv", "kty", "x", "y"][..],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let text = |name: &&str| Some(((*name).to_owned(), Value::from(key.get(*name)?.as_str()?)));
    // In the order of their names, without spaces: as the map writes itself.
    let public = members.iter().map(text).collect::<Option<Map<_, _>>>()?;
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(Value::from(public).to_string())))
}

/// The thumbprint of a stored key; `None` if it is none.
pub fn thumbprint_of(stored: &Secret<String>) -> Option<String> {
    thumbprint(&serde_json::from_str(stored.reveal()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7638, 3.1.
    #[test]
    fn a_thumbprint_is_that_of_the_standard() {
        let key = json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29"
        });
        assert_eq!(thumbprint(&key).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn what_is_no_key_has_no_thumbprint() {
        for none in [json!(null), json!({"kty": "EC", "crv": "P-521"}), json!({"kty": "oct", "k": "AA"}), json!({"kty": 1})] {
            assert_eq!(thumbprint(&none), None, "{none}");
        }
    }

    #[test]
    fn keys_differ_and_are_whole() {
        let [one, two] = [Use::Sign, Use::Exchange].map(|purpose| key(purpose).unwrap());
        assert_ne!(thumbprint_of(&one).unwrap(), thumbprint_of(&two).unwrap());
        let key: Value = serde_json::from_str(one.reveal()).unwrap();
        for number in ["x", "y", "d"] {
            assert_eq!(URL_SAFE_NO_PAD.decode(key[number].as_str().unwrap()).unwrap().len(), COORDINATE, "{number}");
        }
    }
}
