//! The way in for operators and developers.

mod error;
pub(crate) mod names;
pub(crate) mod openvpn;
pub(crate) mod places;
mod profile;
pub(crate) mod routes;
pub(crate) mod secrets;
mod users;

use regionctl_inventory::VpnProtocol;

pub use error::VpnError;
pub use openvpn::{STATUS, UNIT};
pub use places::Place;
pub use profile::profile;
pub use users::{User, add, kept_out, leavers, list, revoke};
pub(crate) use users::{ensure as ensure_users, renew as renew_user};

/// As the packet filter and profiles name it.
pub(crate) const fn protocol(protocol: VpnProtocol) -> &'static str {
    match protocol {
        VpnProtocol::Udp => "udp",
        VpnProtocol::Tcp => "tcp",
    }
}
