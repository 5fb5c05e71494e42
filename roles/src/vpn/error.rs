//! What can go wrong with the VPN's users.

use regionctl_inventory::VpnGroup;
use regionctl_secrets::SecretsError;

use super::names::REGISTER;

/// An error of the VPN's secrets; [`VpnError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VpnError {
    /// The region has no VPN.
    #[error("the region has no VPN")]
    None,
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The list of certificates cannot be read, so that nobody knows whom to keep out.
    #[error("the secret `{REGISTER}` is damaged")]
    Register,
    /// Nobody is called that.
    #[error("the VPN has no user `{0}`")]
    Unknown(String),
    /// There is such a user.
    #[error("the VPN has a user `{0}` already")]
    Known(String),
    /// The user's certificates were revoked.
    #[error("the VPN's user `{0}` was revoked")]
    Revoked(String),
    /// Every address of the group is somebody's.
    #[error("the VPN has no address left for another of the {group}: {room} have one")]
    Full {
        /// The group.
        group: VpnGroup,
        /// How many it can have.
        room: u64,
    },
    /// The user's certificate is over.
    #[error("the certificate of the VPN's user `{0}` is over")]
    Over(String),
}

impl VpnError {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::None => Some("write `spec.vpn` in the inventory".into()),
            Self::Secrets(error) => error.hint(),
            Self::Register => Some("an older `secrets.age` is kept with each generation on the servers".into()),
            Self::Unknown(user) => {
                Some(format!("`regionctl vpn user add {user}` makes one; `regionctl vpn user list` names all"))
            }
            Self::Known(user) => Some(format!("`regionctl vpn profile {user} --out {user}.ovpn` writes the profile")),
            Self::Revoked(user) => Some(format!("`regionctl vpn user add {user}` lets the user in again, with a new profile")),
            Self::Full { .. } => Some("write a larger `spec.network.ranges.vpn`, or revoke who does not come any more".into()),
            Self::Over(_) => Some("`regionctl install` renews certificates".into()),
        }
    }
}
