//! Values that must not be seen: [`Secret`], the region's encrypted file ([`Secrets`]), what a region needs in it ([`Spec`])
//! and the region's own certificates ([`pki`]).
//!
//! The file is encrypted with [age](https://age-encryption.org) to the operators' public keys. age hides the content from
//! everybody else and notices damage, but does not say who wrote the file: whoever may write it may also replace it.

mod atomic;
mod content;
mod ensure;
mod error;
mod fingerprint;
mod identity;
mod name;
mod pem;
pub mod pki;
mod random;
mod recipient;
mod sealed;
mod secret;
mod spec;
mod store;
pub mod tang;
pub mod tls_crypt;

pub use ensure::{ensure, renew};
pub use error::{FileProblem, KeyProblem, RecipientProblem, SecretsError};
pub use fingerprint::fingerprint;
pub use identity::{Ask, Identities, Question};
pub use name::{cert, exchange, key, sign};
pub use recipient::Recipient;
pub use secret::Secret;
pub use spec::{Made, Spec, Why};
pub use store::{Entry, Exposed, FILE_NAME, MAX_BYTES, Secrets};
