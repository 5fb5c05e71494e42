//! The way in for operators and developers.

mod error;
mod names;
pub(crate) mod openvpn;
mod profile;
pub(crate) mod secrets;
mod users;

use regionctl_inventory::VpnProtocol;

pub use error::VpnError;
pub use openvpn::{STATUS, UNIT};
pub use profile::profile;
pub(crate) use users::ensure as ensure_users;
pub use users::{User, add, list, revoke};

/// As the packet filter and profiles name it.
pub(crate) const fn protocol(protocol: VpnProtocol) -> &'static str {
    match protocol {
        VpnProtocol::Udp => "udp",
        VpnProtocol::Tcp => "tcp",
    }
}
