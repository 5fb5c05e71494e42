//! The way in for operators and developers.

mod error;
pub(crate) mod names;
pub(crate) mod openvpn;
pub(crate) mod places;
mod profile;
pub(crate) mod routes;
pub(crate) mod secrets;
mod users;

pub use error::VpnError;
pub use openvpn::{STATUS, UNIT};
pub use places::Place;
pub use profile::profile;
pub use users::{User, add, kept_out, leavers, list, revoke};
pub(crate) use users::{ensure as ensure_users, renew as renew_user};
